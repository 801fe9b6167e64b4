import { type Html, html } from "../html.ts";
import { code } from "./code.ts";

/** What Eddy is, a first conversation, signing in, and how to read a log without a gap. */
export function guideSections(publicUrl: string): Html {
  return html`<section id="start" aria-labelledby="start-title">
      <h2 id="start-title">Quick start</h2>
      <div class="split">
        <div class="prose">
          <p>
            Drop in with just a name, open a room, and talk. A guest's token is short-lived;
            <a href="#sign-in">your own tokens</a> need no sign-up call at all.
          </p>
          <p>
            Keep the cursor of what you have read. After any break, of any length, enter with it,
            and the log carries on where you left it.
          </p>
          <p>
            Machines may prefer <a href="/openapi.json">openapi.json</a> for REST and
            <a href="/asyncapi.json">asyncapi.json</a> for Socket.IO.
          </p>
        </div>
        <div class="examples">
          ${code("Shell", firstCalls(publicUrl))}
          ${code("JavaScript, with socket.io-client", firstConversation(publicUrl))}
        </div>
      </div>
    </section>
    <section id="sign-in" aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">Signing in</h2>
      <div class="split">
        <div class="prose">
          <p>
            <strong>As a guest:</strong> <a href="#command-guest-create">guest:create</a> answers a
            user and a token.
          </p>
          <p>
            <strong>From your application:</strong> mint a JWT. The user exists from its first use
            on. It is signed with HS256 and <a href="#config-AUTH_JWT_SECRET">AUTH_JWT_SECRET</a>,
            or with a key of <a href="#config-AUTH_JWKS_URL">AUTH_JWKS_URL</a>; which algorithms
            count is set by the server, never by the token.
          </p>
          <p>
            <strong>REST</strong> takes it as a bearer token, <strong>Socket.IO</strong> in the
            handshake's <code>auth</code>, on the namespace <code>/</code>.
          </p>
          <p>
            A minute before a token ends, <a href="#push-session.expiring">session.expiring</a> says
            so. Send <a href="#command-session-renew">session:renew</a> with a newer one, or the
            socket is closed when it ends.
          </p>
        </div>
        <div class="examples">
          ${code("Claims of a token", claims)} ${code("Header", "Authorization: Bearer $TOKEN")}
        </div>
      </div>
    </section>
    <section id="entering" aria-labelledby="entering-title">
      <h2 id="entering-title">Entering and cursors</h2>
      <div class="prose">
        <p>
          A room is a log. Each fact has a <code>seq</code> that only grows; a cursor
          <code>{ epoch, seq }</code> says how far you have read. These rules are all it takes to
          miss nothing and to see nothing twice:
        </p>
        <ol>
          <li>
            <strong>First visit.</strong> <a href="#command-room-enter">room:enter</a> without
            <code>since</code> answers the newest facts, and you are live.
          </li>
          <li>
            <strong>Coming back.</strong> With <code>since</code> you get what you missed, oldest
            first. While <code>more</code> is true you are not live yet: ask again with the cursor
            moved on. From <code>more: false</code> on,
            <a href="#push-room.events">room.events</a> carry on without a gap.
          </li>
          <li>
            <strong>Only the newest.</strong> With <code>catchUp: "newest"</code> you are live at
            once. <code>skipped</code> names the range left out; read it with
            <a href="#command-room-history">room:history</a> when it is wanted.
          </li>
          <li>
            <strong>While live.</strong> Every push carries <code>prev</code>, the seq before its
            first fact. If you hold less than that, something was lost on the way: enter again with
            your cursor. Skip what you hold already.
          </li>
          <li>
            <strong>Reset.</strong> If the reply carries <code>resetTo</code>, drop every fact above
            it, then apply <code>events</code>.
          </li>
          <li>
            <strong>Sending.</strong> Pick a <code>clientId</code> per message and keep the message
            until <a href="#push-room.stored">room.stored</a> reaches its seq. To send again with
            the same <code>clientId</code> is always safe: it stays the same message.
          </li>
        </ol>
        <p>
          An acknowledgement means <em>accepted</em>: ordered, and on its way to everyone.
          <code>room.stored</code> means <em>kept</em>: committed to disk. Sends of one connection
          keep their order.
        </p>
      </div>
    </section>`;
}

function firstCalls(publicUrl: string): string {
  return `# a guest and a token
curl ${publicUrl}/v1/guests \\
  -H "Content-Type: application/json" \\
  -d '{ "displayName": "Ada" }'

# a room to talk in
curl ${publicUrl}/v1/rooms \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{
    "title": "Watercooler",
    "slug": "watercooler",
    "visibility": "public"
  }'`;
}

function firstConversation(publicUrl: string): string {
  return `import { io } from "socket.io-client";

const auth = { token };
const socket = io("${publicUrl}", { auth });
const show = (fact) => console.log(fact.seq, fact.text);
socket.on("room.events", (push) => push.events.forEach(show));

const room = "watercooler";
const here = await socket.emitWithAck("room:enter", { room });
here.events.forEach(show);

const clientId = crypto.randomUUID();
const hello = { room, clientId, text: "Hello!" };
await socket.emitWithAck("message:send", hello);`;
}

const claims = `{
  "sub": "42",            // your id of the user
  "name": "Ada",
  "picture": "https://…", // optional
  "headline": "Engineer", // optional
  "exp": 1773504566
}`;
