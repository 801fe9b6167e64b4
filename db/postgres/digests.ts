import type { Sql, TransactionSql } from "postgres";

import type { RoomId, UserId } from "../../protocol/ids.ts";
import { type Block, BRANCHES, LEAF_MESSAGES, leafOf, parentsOf } from "../digest/cover.ts";
import { type Digest, digestOf, type Gist, mergeDigests, type Placed } from "../digest/digest.ts";

/**
 * Messages with their places, ascending: those of any of the stretches `after < n <= upTo`, each no longer than
 * a block of level 0. The limits say so to the planner, who would otherwise read the whole room.
 */
export async function readPlaced(
  sql: Sql | TransactionSql,
  room: RoomId,
  stretches: readonly { after: number; upTo: number }[],
): Promise<(Placed & { n: number })[]> {
  if (stretches.length === 0) return [];
  const rows = await sql<PlacedRow[]>`
    SELECT p.seq, p.n, p.author_id, p.conversation, p.question, p.gist,
      p.question AND p.gist IS NOT NULL AND (
        SELECT true FROM placements a WHERE a.room_id = ${room} AND a.parent = p.seq
          AND a.parent <> a.seq AND a.author_id <> p.author_id AND a.gist IS NOT NULL
        LIMIT 1) IS NULL AS open,
      (SELECT count(*)::int FROM reactions r WHERE r.room_id = ${room} AND r.seq = p.seq) AS reactions
    FROM unnest(${stretches.map(({ after }) => after)}::bigint[],
      ${stretches.map(({ upTo }) => upTo)}::bigint[]) AS s (after, up_to)
    CROSS JOIN LATERAL (
      SELECT * FROM placements WHERE room_id = ${room} AND n > s.after AND n <= s.up_to
      ORDER BY n LIMIT ${LEAF_MESSAGES}) p
    ORDER BY p.n`;
  return rows.map((row) => ({
    seq: row.seq,
    n: row.n,
    author: row.author_id,
    conversation: row.conversation,
    question: row.question,
    openQuestion: row.open,
    gist: row.gist,
    reactions: row.reactions,
  }));
}

interface PlacedRow {
  seq: number;
  n: number;
  author_id: UserId;
  conversation: number;
  question: boolean;
  open: boolean;
  gist: Gist | null;
  reactions: number;
}

/** Digests of blocks, as they are stored. */
export async function readDigests(
  sql: Sql | TransactionSql,
  room: RoomId,
  blocks: readonly Block[],
): Promise<(Block & { digest: Digest })[]> {
  if (blocks.length === 0) return [];
  return sql<(Block & { digest: Digest })[]>`
    SELECT d.level, d.block, d.digest
    FROM unnest(${blocks.map(({ level }) => level)}::smallint[],
      ${blocks.map(({ block }) => block)}::bigint[]) AS b (level, block)
    JOIN digests d ON d.room_id = ${room} AND d.level = b.level AND d.block = b.block`;
}

/**
 * Makes the digests of these blocks of level 0 anew from what is stored, and of all full blocks above them,
 * in the caller's transaction. `messages` is how many the room has up to here.
 */
export async function writeDigests(
  tx: TransactionSql,
  room: RoomId,
  { leaves, messages }: { leaves: readonly number[]; messages: number },
): Promise<void> {
  if (leaves.length === 0) return;
  const stretches = leaves.map((leaf) => ({
    after: leaf * LEAF_MESSAGES,
    upTo: (leaf + 1) * LEAF_MESSAGES,
  }));
  const placed = await readPlaced(tx, room, stretches);
  let blocks: (Block & { digest: Digest })[] = leaves.map((block) => ({
    level: 0,
    block,
    digest: digestOf(placed.filter(({ n }) => leafOf(n) === block)),
  }));
  while (blocks.length > 0) {
    await storeDigests(tx, room, blocks);
    blocks = await digestParents(tx, room, parentsOf(blocks, messages));
  }
}

async function storeDigests(
  tx: TransactionSql,
  room: RoomId,
  blocks: readonly (Block & { digest: Digest })[],
): Promise<void> {
  await tx`
    INSERT INTO digests (room_id, level, block, digest)
    SELECT ${room}::uuid, level, block, digest::json
    FROM unnest(${blocks.map(({ level }) => level)}::smallint[],
      ${blocks.map(({ block }) => block)}::bigint[],
      ${blocks.map(({ digest }) => JSON.stringify(digest))}::text[]) AS b (level, block, digest)
    ON CONFLICT (room_id, level, block) DO UPDATE SET digest = excluded.digest`;
}

async function digestParents(
  tx: TransactionSql,
  room: RoomId,
  parents: readonly Block[],
): Promise<(Block & { digest: Digest })[]> {
  const children = await readDigests(
    tx,
    room,
    parents.flatMap(({ level, block }) =>
      Array.from({ length: BRANCHES }, (_, i) => ({
        level: level - 1,
        block: block * BRANCHES + i,
      })),
    ),
  );
  children.sort((a, b) => a.block - b.block);
  return parents.map((parent) => ({
    ...parent,
    digest: mergeDigests(
      children
        .filter(({ block }) => Math.floor(block / BRANCHES) === parent.block)
        .map(({ digest }) => digest),
    ),
  }));
}
