import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { type CheckName, checks, judge } from "../chaos/checks/checks.ts";
import { hashOf, historyOf, type Row, type RowOf, type Told } from "../chaos/history.ts";
import { ROOM, soundHistory } from "../chaos/sound-history.ts";
import { seed } from "../simulation/seed.ts";

/** Breaks a sound history in one way; null where there is nothing of the kind to break. */
type Damage = (rows: Row[]) => Row[] | null;

const all = <K extends Row["kind"]>(rows: Row[], kind: K) =>
  rows.filter((row): row is RowOf<K> => row.kind === kind);
const the = <K extends Row["kind"]>(rows: Row[], kind: K): RowOf<K> => {
  const found = all(rows, kind)[0];
  if (found === undefined) throw new Error(`No ${kind}`);
  return found;
};
const lastAccepted = (rows: Row[]) => all(rows, "answer").findLast(({ place }) => place);
/** A copy in which one row is another. */
const replace = (rows: Row[], row: Row, by: Row) => rows.map((one) => (one === row ? by : one));
/** As if PostgreSQL kept another log. */
const keeping = (rows: Row[], change: (facts: Told[]) => Told[]) => {
  const kept = the(rows, "kept");
  return replace(rows, kept, { ...kept, facts: change(kept.facts) });
};
const isSaid = ({ type }: Told) => type === "message.sent";

/** For each check, histories of a system that breaks its promise. */
const damages: Record<CheckName, Record<string, Damage>> = {
  C1: {
    "a seq that names another fact for a reader": (rows) => {
      const fact = all(rows, "fact").at(-1);
      if (fact === undefined) return null;
      return replace(rows, fact, { ...fact, fact: { ...fact.fact, identity: "another" } });
    },
    "a text that was not stored as it was shown": (rows) =>
      keeping(rows, (facts) => facts.map((fact) => ({ ...fact, text: fact.text && hashOf("?") }))),
  },
  C2: {
    "a send that stands twice": (rows) =>
      keeping(rows, (facts) => {
        const twice = facts.findLast(isSaid);
        const seq = (facts.at(-1)?.seq ?? 0) + 1;
        return twice === undefined ? facts : [...facts, { ...twice, seq }];
      }),
    "a repeat that is answered with another seq": (rows) => {
      const answer = lastAccepted(rows);
      if (answer?.place === undefined) return null;
      const place = { ...answer.place, seq: answer.place.seq + 1 };
      return [...rows, { ...answer, place, duplicate: true }];
    },
  },
  C3: {
    "a send that was stored and is gone": (rows) => {
      const told = all(rows, "stored").at(-1);
      const without = (facts: Told[]) =>
        facts.filter(({ clientId }) => clientId !== told?.clientId);
      return told === undefined ? null : keeping(rows, without);
    },
    "an accepted send that is gone unannounced": (rows) => {
      const answer = lastAccepted(rows);
      const staying = rows.filter(({ kind }) => kind !== "stored" && kind !== "stayed");
      return keeping(staying, (facts) =>
        facts.filter(({ clientId }) => clientId !== answer?.clientId),
      );
    },
    "a lost send that its sender does not repair": (rows) => {
      const again = all(rows, "answer").findLast(({ clientId, place }) =>
        all(rows, "answer").some((one) => one.clientId === clientId && one.place !== place),
      );
      const of = ({ clientId }: { clientId?: string }) => clientId === again?.clientId;
      if (again === undefined) return null;
      const unrepaired = rows.filter((row) => row !== again && !(row.kind === "stored" && of(row)));
      return keeping(unrepaired, (facts) => facts.filter((fact) => !of(fact)));
    },
    "a seq that was declared lost and stands": (rows) =>
      keeping(rows, (facts) => [...facts, { ...facts[0], seq: 99_999 } as Told]),
  },
  C4: {
    "a reader who is not told one fact": (rows) => {
      const facts = all(rows, "fact");
      const missed = facts.at(-2);
      return missed === undefined ? null : rows.filter((row) => row !== missed);
    },
    "a reader who is told what is in no log": (rows) => {
      const last = all(rows, "fact").at(-1);
      if (last === undefined) return null;
      const fact = { ...last.fact, seq: last.fact.seq + 1, clientId: "nobody's" };
      return [...rows, { ...last, fact }];
    },
  },
  C5: {
    "a fact that comes twice": (rows) => {
      const last = all(rows, "fact").at(-1);
      return last === undefined ? null : [...rows, last];
    },
  },
  C6: {
    "answers of one sender out of order": (rows) => {
      const answers = all(rows, "answer").filter(({ place }) => place?.epoch === 2);
      const [one] = answers;
      const other = answers.findLast(({ who }) => who === one?.who);
      if (one === undefined || other === undefined || one === other) return null;
      return rows.map((row) => {
        if (row === one) return { ...one, place: other.place } as Row;
        return row === other ? ({ ...other, place: one.place } as Row) : row;
      });
    },
  },
  C7: {
    "a refused send that is in the log": (rows) => {
      const refused = all(rows, "answer").find(({ outcome }) => outcome === "fail");
      if (refused === undefined) return null;
      const { user: by, clientId } = refused;
      return keeping(rows, (facts) => {
        const seq = (facts.at(-1)?.seq ?? 0) + 1;
        return [
          ...facts,
          { seq, type: "message.sent", by, clientId, identity: clientId, text: null },
        ];
      });
    },
  },
  C8: {
    "a send that stands before what was acknowledged before it": (rows) => {
      const answers = all(rows, "answer").filter(({ place }) => place?.epoch === 2);
      const [first] = answers;
      const last = answers.at(-1);
      if (first?.place === undefined || last === undefined || first === last) return null;
      const place = { ...first.place, seq: first.place.seq - 1 };
      return replace(rows, last, { ...last, place });
    },
  },
  C9: {
    "someone who speaks after their ban": (rows) =>
      keeping(rows, (facts) =>
        facts.map((fact, i) => (i === facts.length - 1 ? { ...fact, by: "linus" } : fact)),
      ),
    "someone who is accepted after their ban was answered": (rows) => {
      const answer = lastAccepted(rows);
      return answer === undefined ? null : [...rows, { ...answer, user: "linus" }];
    },
  },
  C10: {
    "a view that lags": (rows) => {
      const view = the(rows, "view");
      return replace(rows, view, { ...view, head: view.head - 1 });
    },
    "a view that lacks a message": (rows) => {
      const view = the(rows, "view");
      return replace(rows, view, { ...view, messages: view.messages?.slice(1) ?? null });
    },
    "a view that shows a message that was removed": (rows) => {
      const kept = the(rows, "kept");
      const messages = kept.messages.map((one) => ({ ...one, text: null, removed: true }));
      return replace(rows, kept, { ...kept, messages });
    },
  },
  C11: {
    "a room that two gateways seeded for one loss": (rows) => {
      const kept = the(rows, "kept");
      const third = { epoch: 3, base: 300_000, previousEnd: 200_000, seeded: true };
      return replace(rows, kept, { ...kept, epochs: [...kept.epochs, third] });
    },
  },
  C12: {
    "history without what was just accepted": (rows) => {
      const read = the(rows, "read");
      return replace(rows, read, { ...read, seqs: [] });
    },
  },
  C13: {
    "a process that grows": (rows) => [...rows, { ...the(rows, "sample"), rssMb: 4_000 }],
    "sockets that are never closed": (rows) => [
      ...rows,
      { ...the(rows, "sample"), descriptors: 9_000 },
    ],
    "buffers that nobody reads": (rows) => [...rows, { ...the(rows, "sample"), unreadMb: 900 }],
  },
  C14: {
    "a room that stays dirty": (rows) =>
      replace(rows, the(rows, "hot"), { ...the(rows, "hot"), dirty: true }),
    "a tail that is not drained": (rows) =>
      replace(rows, the(rows, "kept"), { ...the(rows, "kept"), storedSeq: 1 }),
    "an act whose fact never comes": (rows) =>
      replace(rows, the(rows, "kept"), { ...the(rows, "kept"), pending: 1 }),
  },
  C15: {
    "someone who is told things after their ban": (rows) => {
      const ban = the(rows, "sanction");
      const fact = all(rows, "fact").at(-1);
      if (fact === undefined) return null;
      return [...rows, { ...fact, user: "linus", who: "linus", t: ban.t + 1_500 }];
    },
    "a connection that outlives its token": (rows) => {
      const { endsAt } = the(rows, "session");
      const push = { name: "room.stored", room: ROOM, user: "visitor", who: "visitor" };
      return [...rows, { kind: "push", ...push, t: endsAt + 1_500 }];
    },
  },
};

describe("the history checker", () => {
  test(`passes histories in which everything holds (seed ${seed})`, () => {
    fc.assert(
      fc.property(soundHistory, (rows) => {
        expect(judge(historyOf(rows))).toEqual({});
      }),
      { seed, numRuns: 200 },
    );
  });

  const cases = Object.entries(damages).flatMap(([name, kinds]) =>
    Object.entries(kinds).map(([what, damage]) => [name as CheckName, what, damage] as const),
  );
  test.each(cases)(`%s fails on %s (seed ${seed})`, (name, _what, damage) => {
    let broken = 0;
    fc.assert(
      fc.property(soundHistory, (rows) => {
        const damaged = damage(rows);
        if (damaged === null) return;
        broken += 1;
        expect(checks[name](historyOf(damaged))).not.toEqual([]);
      }),
      { seed, numRuns: 50 },
    );
    expect(broken).toBeGreaterThan(5);
  });
});
