/** Messages in a block of level 0. */
export const LEAF_MESSAGES = 64;
/** Blocks of one level that make one of the next. */
export const BRANCHES = 4;

/** A full block of messages: those with `block × size < n <= (block + 1) × size`. */
export interface Block {
  level: number;
  block: number;
}

/** What a stretch of messages is read from: digests of full blocks, and single messages at its edges. */
export interface Cover {
  blocks: Block[];
  /** `after < n <= upTo`, two of them at most. */
  edges: { after: number; upTo: number }[];
}

/** How many messages a block of a level holds. */
export function sizeOf(level: number): number {
  return LEAF_MESSAGES * BRANCHES ** level;
}

/**
 * Covers the messages with `after < n <= upTo` with as few blocks as there are: three of each level on
 * either side at most, so that a million messages cost little more than a hundred.
 */
export function coverOf(after: number, upTo: number): Cover {
  const cover: Cover = { blocks: [], edges: [] };
  let at = after;
  while (at < upTo) {
    const level = largestLevelAt(at, upTo);
    if (level === null) {
      const end = Math.min(upTo, (Math.floor(at / LEAF_MESSAGES) + 1) * LEAF_MESSAGES);
      cover.edges.push({ after: at, upTo: end });
      at = end;
    } else {
      cover.blocks.push({ level, block: at / sizeOf(level) });
      at += sizeOf(level);
    }
  }
  return cover;
}

function largestLevelAt(at: number, upTo: number): number | null {
  const fits = (level: number) => at % sizeOf(level) === 0 && at + sizeOf(level) <= upTo;
  if (!fits(0)) return null;
  let level = 0;
  while (fits(level + 1)) level += 1;
  return level;
}

/** The block of level 0 that a message is in. */
export function leafOf(n: number): number {
  return Math.floor((n - 1) / LEAF_MESSAGES);
}

/** Blocks of the next level that hold some of these and are full at so many messages. */
export function parentsOf(blocks: readonly Block[], messages: number): Block[] {
  const parents = new Map<number, Block>();
  for (const { level, block } of blocks) {
    const parent = { level: level + 1, block: Math.floor(block / BRANCHES) };
    if ((parent.block + 1) * sizeOf(parent.level) <= messages) parents.set(parent.block, parent);
  }
  return [...parents.values()];
}
