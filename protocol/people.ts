import * as z from "zod";

import { InviteId, Time, UserId } from "./ids.ts";
import { MAX_PROFILE_LINKS } from "./limits.ts";
import { Room, User } from "./shapes.ts";
import { DisplayName, Line, Title } from "./text.ts";

/** A handle that a person picks: what others write after @. Those that Eddy makes end in - and six digits of an id. */
export const Handle = z
  .string()
  .regex(
    /^(?=.{3,30}$)[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$/u,
    "3 to 30 of a-z, 0-9, - and _, beginning with a letter, without two signs in a row",
  );

/** A person, by id or by handle. */
export const UserRef = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{1,62}$/u, "A user's id or handle")
  .brand<"UserRef">();
export type UserRef = z.infer<typeof UserRef>;

/** An address on the web, as a profile shows it. */
export const ProfileLink = z.strictObject({
  title: Title,
  url: z
    .url({ protocol: /^https?$/u, hostname: z.regexes.domain, error: "A link to the web" })
    .max(500),
});
export type ProfileLink = z.infer<typeof ProfileLink>;

/** A time zone of the IANA database, such as Europe/Berlin. */
export const TimeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, { message: "A time zone such as Europe/Berlin" });

function isTimeZone(name: string): boolean {
  // Offsets such as +02:00 are no zones: they do not know of summer.
  if (!/^[A-Z]/u.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

/** All that a person says of themselves. */
export const Profile = User.extend({
  links: z.array(ProfileLink),
  timeZone: z.string().optional(),
});
export type Profile = z.infer<typeof Profile>;

/** My own profile: with what only I see of it. */
export const MyProfile = Profile.extend({
  /** Whether others may be shown me among the people they keep meeting or have missed. */
  meetings: z.boolean(),
});
export type MyProfile = z.infer<typeof MyProfile>;

/** What a person may change of their profile; "" takes a line away. */
export const ProfileChanges = z.strictObject({
  name: DisplayName.optional(),
  handle: Handle.optional(),
  headline: z.union([Line, z.literal("")]).optional(),
  links: z.array(ProfileLink).max(MAX_PROFILE_LINKS).optional(),
  timeZone: z.union([TimeZone, z.literal("")]).optional(),
  meetings: z.boolean().optional(),
});
export type ProfileChanges = z.infer<typeof ProfileChanges>;

/** What someone is to the one who asks. */
export const Relation = z.object({
  following: z.boolean(),
  followsMe: z.boolean(),
  /** Each follows the other. */
  connected: z.boolean(),
  blocked: z.boolean(),
  /** What I noted for myself about them. */
  note: z.string().optional(),
});
export type Relation = z.infer<typeof Relation>;

/** A person as the one who asks knows them. */
export const KnownProfile = Profile.extend({ relation: Relation });
export type KnownProfile = z.infer<typeof KnownProfile>;

/** Someone I follow, or who follows me. */
export const Contact = z.object({
  user: User,
  since: Time,
  connected: z.boolean(),
  note: z.string().optional(),
});
export type Contact = z.infer<typeof Contact>;

/** Someone of whom I want to see nothing. */
export const Block = z.object({ user: User, since: Time });
export type Block = z.infer<typeof Block>;

/** Where a conversation of a few stands: agreed on, or asked for by one of them. */
export const DirectState = z.enum(["open", "asked"]);
export type DirectState = z.infer<typeof DirectState>;

/** A conversation of a few, as one of them sees it. */
export const Direct = z.object({
  room: Room,
  /** The others. */
  people: z.array(User),
  state: DirectState,
  /** Who asked, while the other has not agreed. */
  askedBy: UserId.optional(),
  /** How it began, for who is asked. */
  firstLine: z.string().optional(),
});
export type Direct = z.infer<typeof Direct>;

/** A way into a room for whoever has its code, which is shown once, when it is made. */
export const Invite = z.object({
  id: InviteId,
  by: User,
  at: Time,
  /** How many people it has let in. */
  uses: z.int(),
  maxUses: z.int().optional(),
  expiresAt: Time.optional(),
});
export type Invite = z.infer<typeof Invite>;

/** Someone who spoke in a room while I was away. */
export const SeenPerson = z.object({ user: User, messages: z.int(), lastAt: Time });
export type SeenPerson = z.infer<typeof SeenPerson>;

/** Someone who keeps being there when I speak. */
export const Meeting = z.object({ user: User, days: z.int(), rooms: z.int(), lastAt: Time });
export type Meeting = z.infer<typeof Meeting>;
