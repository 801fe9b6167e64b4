import { createHash } from "node:crypto";

import type { Fact } from "../../protocol/facts.ts";
import type { Cursor } from "../../protocol/ids.ts";

/** A fact as somebody was told it, small enough to keep hundreds of thousands. */
export interface Told {
  seq: number;
  type: Fact["type"];
  /** Who said or did it. */
  by: string;
  /** Hash of everything about it that can never change. */
  identity: string;
  /** Hash of its text; null where it has none any more, or an edited one. */
  text: string | null;
  clientId?: string;
  /** Whom a sanction is about. */
  user?: string;
}

/** How a send ended: `fail` is for certain, `unknown` may be in the log or not. */
export type Outcome = "ok" | "fail" | "unknown";
/** The way on which a fact reached somebody. */
export type Way = "live" | "catch-up" | "rest";

/**
 * What a history holds: one row for each thing that somebody did or was told, in the order in which it
 * was written down. `t` is in milliseconds on the one clock of the run. `who` names a client, `user`
 * the person it speaks for; rooms are ids.
 */
export type Row =
  | {
      kind: "send";
      t: number;
      who: string;
      user: string;
      room: string;
      clientId: string;
      text: string;
    }
  | {
      kind: "answer";
      t: number;
      who: string;
      user: string;
      room: string;
      clientId: string;
      /** When this attempt was sent. */
      sentAt: number;
      outcome: Outcome;
      place?: Cursor;
      duplicate?: boolean;
      code?: string;
    }
  /** The sender was told that its send is committed. */
  | { kind: "stored"; t: number; who: string; user: string; room: string; clientId: string }
  /** The sender was there to the end, and so was its outbox: what it said must be in the log. */
  | { kind: "stayed"; t: number; who: string; user: string }
  | {
      kind: "enter";
      /** When it was asked for; it is written down when it is answered. */
      calledAt: number;
      t: number;
      who: string;
      user: string;
      room: string;
      since: Cursor | null;
      epoch: number;
      prev: number;
      resetTo?: number;
    }
  | {
      kind: "fact";
      t: number;
      who: string;
      user: string;
      room: string;
      epoch: number;
      way: Way;
      fact: Told;
    }
  /** Facts above `to` are void. */
  | { kind: "reset"; t: number; who: string; room: string; to: number }
  /** Facts that were left out by agreement. */
  | { kind: "skipped"; t: number; who: string; room: string; from: number; to: number }
  /** Announced by the server: what a new epoch found lost. */
  | { kind: "lost"; t: number; who: string; room: string; epoch: number; from: number; to: number }
  | { kind: "leave"; t: number; who: string; user: string; room: string }
  /** The server has answered that the client is out. */
  | { kind: "left"; t: number; who: string; user: string; room: string }
  /** Any push about a room, as it arrived. */
  | { kind: "push"; t: number; who: string; user: string; room: string; name: string }
  /** The connection's token ends. */
  | { kind: "session"; t: number; who: string; user: string; endsAt: number }
  | {
      kind: "sanction";
      /** When it was asked for. */
      calledAt: number;
      t: number;
      room: string;
      user: string;
      act: "ban" | "unban" | "kick";
      outcome: Outcome;
    }
  /** History over REST: all seqs with `from < seq <= to`. */
  | {
      kind: "read";
      calledAt: number;
      t: number;
      who: string;
      room: string;
      from: number;
      to: number;
      seqs: number[];
    }
  | { kind: "fault"; t: number; endedAt: number; name: string; target: string; losesRedis: boolean }
  | {
      kind: "sample";
      t: number;
      process: string;
      rssMb: number;
      descriptors: number;
      unreadMb: number;
    }
  /** Facts that are accepted and not stored. */
  | { kind: "backlog"; t: number; facts: number }
  /** At the end: what PostgreSQL keeps of a room. */
  | {
      kind: "kept";
      room: string;
      storedSeq: number;
      epochs: KeptEpoch[];
      pending: number;
      facts: Told[];
      messages: Shown[];
    }
  /** At the end: where the hot log stands, and what of it there is. */
  | { kind: "hot"; room: string; head: number; stored: number; dirty: boolean; facts: Told[] }
  /** At the end: what a member sees. `start`: where its view begins. */
  | {
      kind: "view";
      t: number;
      who: string;
      room: string;
      start: number;
      head: number;
      messages: Shown[] | null;
    };

/** A generation of a room's log: it lost what lies in `previousEnd < seq <= base`. */
export interface KeptEpoch {
  epoch: number;
  base: number;
  previousEnd: number;
  seeded: boolean;
}

/** A message as it is shown at the end. */
export interface Shown {
  seq: number;
  text: string | null;
  removed: boolean;
}

export type RowOf<K extends Row["kind"]> = Extract<Row, { kind: K }>;

/** A history with its rows by kind, each in the order in which it was written down. */
export interface History {
  rows: readonly Row[];
  of: <K extends Row["kind"]>(kind: K) => readonly RowOf<K>[];
}

/** Sorts a history's rows by kind. */
export function historyOf(rows: readonly Row[]): History {
  const byKind = new Map<string, Row[]>();
  for (const row of rows) {
    const some = byKind.get(row.kind);
    if (some === undefined) byKind.set(row.kind, [row]);
    else some.push(row);
  }
  return { rows, of: (kind) => (byKind.get(kind) ?? []) as never };
}

/** A fact as a history keeps it. */
export function toldOf(fact: Fact): Told {
  const { seq, type, at, by } = fact;
  const said = fact.type === "message.sent" ? fact : null;
  const target = "target" in fact ? fact.target : null;
  const user = "user" in fact ? fact.user : undefined;
  const changed = said !== null && (said.removed === true || said.editedAt !== undefined);
  return {
    seq,
    type,
    by: by.id,
    identity: hashOf(
      JSON.stringify([type, at, by.id, said?.clientId, said?.replyTo, target, user, fact.act]),
    ),
    text: said?.text === undefined || changed ? null : hashOf(said.text),
    ...(said === null ? {} : { clientId: said.clientId }),
    ...(user === undefined ? {} : { user }),
  };
}

/** What a text is compared by. */
export function hashOf(text: string): string {
  return createHash("sha1").update(text).digest("base64url").slice(0, 12);
}
