/** Someone who speaks Engine.IO over HTTP polling by hand. */
export interface Polling {
  /** Asks for what waits. Errors: with the status when the session is gone. */
  poll: () => Promise<string>;
  send: (packet: string) => Promise<void>;
}

/** Opens a polling session of someone who is signed in. */
export async function openPolling(url: string, token: string): Promise<Polling> {
  const base = `${url}/socket.io/?EIO=4&transport=polling`;
  const opened = await (await fetch(base)).text();
  const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
  const ask = async (options: RequestInit) => {
    const response = await fetch(`${base}&sid=${sid}`, options);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    return text;
  };
  const polling: Polling = {
    poll: () => ask({}),
    send: async (packet) => void (await ask({ method: "POST", body: packet })),
  };
  await polling.send(`40${JSON.stringify({ token })}`);
  await polling.poll();
  return polling;
}
