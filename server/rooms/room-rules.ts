import { gather } from "../../db/gather.ts";
import { readFilterRules } from "../../db/postgres/filters.ts";
import { findJoinedAt, findRoles } from "../../db/postgres/members.ts";
import { findRoom, type RoomRow } from "../../db/postgres/rooms.ts";
import type { Stores } from "../../db/stores.ts";
import { compileFilter, type Filter } from "../../filters/compile-filter.ts";
import { Refusal } from "../../protocol/errors.ts";
import { looksLikeId, type RoomId, type RoomRef, type UserId } from "../../protocol/ids.ts";
import type { Role } from "../../protocol/shapes.ts";
import type { Rank } from "./policy.ts";

/** Rules older than this are read again, in the background. */
const FRESH_MS = 1_000;
const MOST_ROOMS = 20_000;

/** Everything that decides who may do what in a room, as of one version of its rules. */
export interface RoomRules {
  row: RoomRow;
  filter: Filter;
}

/**
 * The rules of rooms, cached, so that nothing on the path of a message waits for Postgres.
 *
 * A stale copy does no harm: the version (`row.policy`) goes with every append, the append script
 * compares it, and on a mismatch the caller reloads. Readers compare the version that the log tells.
 */
export class RoomRulesCache {
  readonly #stores: Stores;
  readonly #findRole = gather((asks: { room: RoomId; user: UserId }[]) =>
    findRoles(this.#stores.store, asks),
  );
  readonly #byId = new Map<RoomId, Cached>();
  readonly #idOfSlug = new Map<string, RoomId>();
  readonly #loading = new Map<string, Promise<RoomRules>>();

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /**
   * The rules of a room, however old: for what is appended, where the script compares their version.
   * Reading them anew each second would cost a hundred live rooms a hundred queries. Errors: `not_found`.
   */
  async getForAppend(ref: RoomRef | RoomId): Promise<RoomRules> {
    return this.#cached(ref)?.rules ?? this.reload(ref);
  }

  /** The rules of a room, of this second or, while Postgres is away, older. Errors: `not_found`. */
  async get(ref: RoomRef | RoomId): Promise<RoomRules> {
    const cached = this.#cached(ref);
    if (cached === undefined) return this.reload(ref);
    if (Date.now() - cached.loadedAt > FRESH_MS) {
      cached.loadedAt = Date.now();
      // What is cached stays in use until the newer arrives, and when Postgres is away.
      this.reload(cached.rules.row.id).catch(() => {});
    }
    return cached.rules;
  }

  /** Reads a room's rules anew; calls at the same time share one read. Errors: `not_found`. */
  async reload(ref: RoomRef | RoomId): Promise<RoomRules> {
    const running = this.#loading.get(ref);
    if (running !== undefined) return running;
    const loading = this.#load(ref).finally(() => this.#loading.delete(ref));
    this.#loading.set(ref, loading);
    return loading;
  }

  /** What someone is in a room; null when they are no member. */
  async rankOf(
    rules: RoomRules,
    person: { user: { id: UserId }; admin: boolean },
  ): Promise<Rank | null> {
    return person.admin ? "admin" : this.roleOf(rules, person.user.id);
  }

  /** Someone's role in a room; null when they are no member. */
  async roleOf({ row }: RoomRules, user: UserId): Promise<Role | null> {
    const roles = this.#byId.get(row.id)?.roles;
    const known = roles?.get(user);
    if (known !== undefined) return known;
    const role = await this.#findRole({ room: row.id, user });
    roles?.set(user, role);
    return role;
  }

  /** Since when someone is a member of a room (ms); null when they are none. */
  async joinedAtOf({ row }: RoomRules, user: UserId): Promise<number | null> {
    const known = this.#byId.get(row.id)?.joinedAt;
    const joinedAt = known?.get(user) ?? (await findJoinedAt(this.#stores.store, row.id, user));
    // Who is no member may become one at any moment, on any gateway.
    if (joinedAt !== null) known?.set(user, joinedAt);
    return joinedAt;
  }

  /** Notes a role that was just read or made, so that the next command need not ask. */
  noteRole(room: RoomId, user: UserId, role: Role): void {
    this.#byId.get(room)?.roles.set(user, role);
  }

  #cached(ref: RoomRef | RoomId): Cached | undefined {
    const id = looksLikeId(ref) ? ref : this.#idOfSlug.get(ref);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  async #load(ref: RoomRef | RoomId): Promise<RoomRules> {
    const row = await findRoom(this.#stores.store, ref);
    if (row === null) throw new Refusal("not_found", "There is no such room.");
    const known = this.#byId.get(row.id);
    if (known !== undefined && known.rules.row.policy > row.policy) return known.rules;
    const unchanged = known?.rules.row.policy === row.policy;
    const rules = {
      row,
      filter: unchanged
        ? known.rules.filter
        : compileFilter(await readFilterRules(this.#stores.store, row.id)),
    };
    // Roles are part of what the version covers: they are forgotten with it.
    const roles = unchanged ? known.roles : new Map<UserId, Role | null>();
    this.#byId.delete(row.id);
    const joinedAt = unchanged ? known.joinedAt : new Map<UserId, number>();
    this.#byId.set(row.id, { rules, roles, joinedAt, loadedAt: Date.now() });
    this.#idOfSlug.set(row.slug, row.id);
    if (this.#byId.size > MOST_ROOMS) this.#forgetOldest();
    return rules;
  }

  #forgetOldest(): void {
    const oldest = this.#byId.keys().next().value;
    if (oldest === undefined) return;
    const slug = this.#byId.get(oldest)?.rules.row.slug;
    if (slug !== undefined) this.#idOfSlug.delete(slug);
    this.#byId.delete(oldest);
  }
}

interface Cached {
  rules: RoomRules;
  roles: Map<UserId, Role | null>;
  joinedAt: Map<UserId, number>;
  loadedAt: number;
}
