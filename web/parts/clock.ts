import { signal } from "@preact/signals";

import { startOfDay } from "./day.ts";

/** The present, renewed each minute: what was "just now" does not stay so. */
export const minute = signal(Date.now());
setInterval(() => (minute.value = Date.now()), 60_000);

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  month: "long",
  day: "numeric",
});
const yearFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** "14:05". */
export function timeOf(at: string): string {
  return timeFormat.format(new Date(at));
}

/** The whole of it, for whoever wants to know. */
export function fullTimeOf(at: string): string {
  return fullFormat.format(new Date(at));
}

/** "Today", "Yesterday", "Tuesday, 3 March", with the year when it is another one. */
export function dayOf(at: string, now: number): string {
  const then = new Date(at);
  const days = Math.round((startOfDay(now) - startOfDay(then.getTime())) / DAY_MS);
  if (days === 0 || days === 1) return capital(relative.format(-days, "day"));
  const sameYear = then.getFullYear() === new Date(now).getFullYear();
  return (sameYear ? dayFormat : yearFormat).format(then);
}

/** "3 minutes ago". */
export function agoOf(at: string, now: number): string {
  const minutes = Math.round((now - Date.parse(at)) / 60_000);
  if (minutes < 60) return relative.format(-Math.max(0, minutes), "minute");
  if (minutes < 1_440) return relative.format(-Math.round(minutes / 60), "hour");
  return relative.format(-Math.round(minutes / 1_440), "day");
}

/** "1 message", "2 messages". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

/** "3 minutes"; of what takes no time, that it does not. */
export function readingTimeOf(seconds: number): string {
  return seconds < 60 ? "less than a minute" : counted(Math.round(seconds / 60), "minute");
}

function capital(word: string): string {
  return word.charAt(0).toLocaleUpperCase() + word.slice(1);
}

const DAY_MS = 86_400_000;
