import type { Command } from "../../../protocol/command.ts";
import { type CommandName, commands } from "../../../protocol/commands.ts";
import { type PushName, pushes } from "../../../protocol/facts.ts";
import { PROTOCOL_VERSION } from "../../../protocol/version.ts";
import { exampleInput, exampleOutput, exampleValue } from "./example.ts";
import { pushSentences } from "./fact-sentences.ts";
import { type Schemas, jsonSchemas, mentionedIn, refTo } from "./json-schema.ts";
import { camelCase, inputName, outputName, pushName } from "./schema-names.ts";
import { tableRows } from "./table-rows.ts";
import { countsAs, whoMay } from "./who-and-rate.ts";

/** An AsyncAPI 3.0 document, as loose as JSON: its JSON Schema holds it to the standard in the tests. */
export interface AsyncApiDocument {
  asyncapi: string;
  info: Record<string, unknown>;
  defaultContentType: string;
  servers: Record<string, unknown>;
  channels: Record<string, unknown>;
  operations: Record<string, { action: "send" | "receive" } & Record<string, unknown>>;
  components: Record<string, unknown>;
}

/** The Socket.IO half of the command table, and what the server pushes, as a client sees them. */
export function asyncApiDocument({ publicUrl }: { publicUrl: string }): AsyncApiDocument {
  const schemas = jsonSchemas("draft-07");
  const samples = jsonSchemas("draft-2020-12");
  const messages = { ...commandMessages(samples), ...pushMessages(samples) };
  const { host, protocol } = new URL(publicUrl);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Eddy",
      version: PROTOCOL_VERSION,
      description:
        "What a client of Eddy sends and receives over Socket.IO. An operation's message name is the event; its payload is the event's first argument; a reply is the acknowledgement. The guide is at /docs.",
    },
    defaultContentType: "application/json",
    servers: {
      eddy: {
        host,
        protocol: protocol === "https:" ? "wss" : "ws",
        pathname: "/socket.io/",
        description: "Socket.IO 4, WebSocket first; the handshake's `auth` carries `{ token }`.",
        security: [{ $ref: "#/components/securitySchemes/token" }],
      },
    },
    channels: {
      root: {
        address: "/",
        title: "The default namespace",
        servers: [{ $ref: "#/servers/eddy" }],
        messages: Object.fromEntries(
          Object.keys(messages).map((id) => [id, { $ref: `#/components/messages/${id}` }]),
        ),
      },
    },
    operations: { ...sendOperations(), ...receiveOperations() },
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "Sent as `auth: { token }` at the handshake, not as a header.",
        },
      },
      messages,
      schemas: mentionedIn(messages, schemas),
    },
  };
}

function commandMessages(samples: Schemas): Record<string, unknown> {
  return Object.fromEntries(
    socketCommands().flatMap(([name, { summary }]) => [
      [
        camelCase(name),
        {
          name,
          title: name,
          summary,
          payload: refTo(inputName(name)),
          examples: [{ payload: exampleInput(name, samples) }],
        },
      ],
      [
        ackId(name),
        {
          name: `${name} (acknowledgement)`,
          title: `Acknowledgement of ${name}`,
          payload: { oneOf: [success(name), refusal] },
          examples: [{ payload: { ok: true, ...exampleOutput(name, samples) } }],
        },
      ],
    ]),
  );
}

function success(name: CommandName) {
  const ok = { type: "object", properties: { ok: { const: true } }, required: ["ok"] };
  return { allOf: [ok, refTo(outputName(name))] };
}

const refusal = {
  type: "object",
  properties: { ok: { const: false }, error: refTo("ErrorReply") },
  required: ["ok", "error"],
};

function pushMessages(samples: Schemas): Record<string, unknown> {
  return Object.fromEntries(
    pushNames.map((name) => [
      pushId(name),
      {
        name,
        title: name,
        summary: pushSentences[name],
        payload: refTo(pushName(name)),
        examples: [{ payload: exampleValue(refTo(pushName(name)), samples) }],
      },
    ]),
  );
}

function sendOperations(): AsyncApiDocument["operations"] {
  return Object.fromEntries(
    socketCommands().map(([name, { summary, who, rate }]) => [
      camelCase(name),
      {
        action: "send",
        channel,
        title: name,
        summary,
        description: `${whoMay[who]}. Counts as ${countsAs[rate]}.`,
        messages: [messageOf(camelCase(name))],
        reply: { channel, messages: [messageOf(ackId(name))] },
      },
    ]),
  );
}

function receiveOperations(): AsyncApiDocument["operations"] {
  return Object.fromEntries(
    pushNames.map((name) => [
      pushId(name),
      {
        action: "receive",
        channel,
        title: name,
        summary: pushSentences[name],
        messages: [messageOf(pushId(name))],
      },
    ]),
  );
}

const pushNames = tableRows(pushes).map(([name]) => name);

const channel = { $ref: "#/channels/root" };

function messageOf(id: string) {
  return { $ref: `#/channels/root/messages/${id}` };
}

/** A command may have the same name but for the sign in it: `room:read`, `room.read`. */
function pushId(name: PushName): string {
  return camelCase(`on-${name}`);
}

function ackId(name: CommandName): string {
  return `${camelCase(name)}Ack`;
}

function socketCommands(): [CommandName, Command][] {
  return tableRows<CommandName, Command>(commands).filter(([, { socket }]) => socket);
}
