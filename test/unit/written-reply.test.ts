import { expect, test } from "@jest/globals";
import { Encoder, type Packet, PacketType } from "socket.io-parser";

import { ReplyEncoder, WrittenReply } from "../../server/transport/sockets/written-reply.ts";

const events = [{ seq: 1, text: 'a "quoted" line\n', by: { id: "ada" } }, { seq: 2 }];
const own = { ok: true, room: { id: "watercooler" }, more: false };

test("a reply that is written already is, on the wire, what Socket.IO would have written", () => {
  const written = new WrittenReply(own, "events", JSON.stringify(events));
  for (const nsp of ["/", "/other"]) {
    const packet = { type: PacketType.ACK, nsp, id: 17 };
    expect(new ReplyEncoder().encode({ ...packet, data: [written] })).toEqual(
      new Encoder().encode({ ...packet, data: [{ ...own, events }] }),
    );
  }
});

test("everything else is written by Socket.IO itself", () => {
  const packets: Packet[] = [
    { type: PacketType.EVENT, nsp: "/", data: ["room.events", { events }] },
    { type: PacketType.ACK, nsp: "/", id: 3, data: [{ ok: false }] },
    { type: PacketType.ACK, nsp: "/", id: 4, data: [] },
    { type: PacketType.CONNECT, nsp: "/", data: { sid: "1" } },
  ];
  for (const packet of packets) {
    expect(new ReplyEncoder().encode(packet)).toEqual(new Encoder().encode(packet));
  }
});
