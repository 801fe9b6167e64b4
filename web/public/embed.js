// Puts a room of Eddy on any page:
//   <script src="https://chat.example.com/embed.js" data-room="lobby" data-height="600px"></script>
// Whoever is signed in on that page comes in under their name when it has a function `eddyToken`
// that answers a JWT of theirs (or null); everyone else just says a name.
(() => {
  const script = document.currentScript;
  const { room, height = "600px", title = "Chat" } = script.dataset;
  const { origin } = new URL(script.src);
  const frame = document.createElement("iframe");
  frame.src = `${origin}/embed/${encodeURIComponent(room)}`;
  frame.title = title;
  frame.allow = "clipboard-write";
  frame.style.cssText = `display: block; width: 100%; height: ${height}; border: 0; border-radius: 14px`;

  addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== frame.contentWindow || from !== origin || data?.type !== "eddy:token?") return;
    void tokenOfHost().then((token) => source.postMessage({ type: "eddy:token", token }, origin));
  });
  script.after(frame);

  async function tokenOfHost() {
    try {
      return (await globalThis.eddyToken?.()) ?? null;
    } catch (error) {
      // Without a token there is the name, as for everyone.
      reportError(error);
      return null;
    }
  }
})();
