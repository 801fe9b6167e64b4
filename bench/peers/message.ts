/** A message as the peers hand it on. */
export interface PeerMessage {
  id: string;
  room: string;
  at: string;
  by: PeerUser;
  clientId: string;
  text: string;
}

export interface PeerUser {
  id: string;
  name: string;
}

/** What a client of a peer says. */
export interface PeerSay {
  room: string;
  clientId: string;
  text: string;
}

/** Where a client of a peer goes, and from where on it wants what it missed. */
export interface PeerJoin {
  room: string;
  /** Id of the last message that it has; empty when it has none. */
  since?: string;
}
