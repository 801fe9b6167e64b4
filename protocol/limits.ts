/** Text of a message, in Unicode code points. */
export const MAX_TEXT_CODE_POINTS = 4_000;
/** Text of a message, in UTF-8 bytes. */
export const MAX_TEXT_BYTES = 8_192;
/** Facts in one reply, whatever was missed. */
export const MAX_PAGE_FACTS = 500;
/** Facts in one reply when the caller names no limit. */
export const DEFAULT_PAGE_FACTS = 200;
/** Items of a REST list in one reply. */
export const MAX_PAGE_ITEMS = 200;
/** Items of a REST list when the caller names no limit. */
export const DEFAULT_PAGE_ITEMS = 50;
/** Display names, in code points. */
export const MAX_NAME_CODE_POINTS = 64;
/** Room titles, in code points. */
export const MAX_TITLE_CODE_POINTS = 120;
/** Topics, headlines, reasons and notes, in code points. */
export const MAX_LINE_CODE_POINTS = 500;
/** Tags of a room. */
export const MAX_TAGS = 10;
/** Slow mode, in seconds. */
export const MAX_SLOW_MODE_SECONDS = 21_600;
/** Raid mode, in seconds. */
export const MAX_RAID_SECONDS = 86_400;
/** Webhooks of one room. */
export const MAX_WEBHOOKS = 10;
/** Rules of one room's filter. */
export const MAX_FILTER_RULES = 500;
/** Days of what was said that a draft rule is tried on. */
export const MAX_DRY_RUN_DAYS = 90;
/** Sites that one rule of a filter names. */
export const MAX_FILTER_HOSTS = 200;
/** People whom one invitation may let in. */
export const MAX_INVITE_USES = 100_000;
/** How long an invitation may be good, in seconds. */
export const MAX_INVITE_SECONDS = 31_536_000;
/** Links of one profile. */
export const MAX_PROFILE_LINKS = 5;
/** Messages that one clean-up removes. */
export const MAX_REMOVED_AT_ONCE = 10_000;
/** Messages that one clean-up looks at, the newest of what it may be about. */
export const MAX_SEARCHED_AT_ONCE = 50_000;
/** A clean-up can be undone, and moderators can read what it removed, for so many days. */
export const UNDO_DAYS = 30;
/** Ranges of seqs that one command marks as read or unread. */
export const MAX_RANGES_AT_ONCE = 100;
/** Rooms in one answer about what is unread. */
export const MAX_UNREAD_ROOMS = 1_000;
/** A moderator who claims a case has it for so long, in seconds. */
export const CLAIM_SECONDS = 900;
/** What a case says of a message is kept for so many days after the case was resolved. */
export const EVIDENCE_DAYS = 30;
/** Faces in one presence sample. */
export const MAX_PRESENCE_SAMPLE = 50;
/** One part of a file that is imported, in bytes: what proxies let through by default. */
export const MAX_IMPORT_PART_BYTES = 1_000_000;
/** A file that is imported, in bytes. */
export const MAX_IMPORT_BYTES = 2_000_000_000;
/** One Socket.IO frame or one REST body, in bytes. */
export const MAX_FRAME_BYTES = 65_536;
/** How deep a JSON value may nest; deeper ones overflow recursive walkers. */
export const MAX_JSON_DEPTH = 16;
