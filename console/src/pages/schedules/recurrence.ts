import { moment, span } from "~/api/formats";
import type { Schedule } from "~/api/types";

const PARTS = /^P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Seconds of a duration in ISO 8601, as the API gives them; null for what is none. */
export function seconds(duration: string): number | null {
  const found = PARTS.exec(duration);
  if (!found || !found.slice(1).some(Boolean)) return null;
  const [days = 0, hours = 0, minutes = 0, rest = 0] = found.slice(1).map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + rest;
}

export function spanned(duration: string): string {
  const known = seconds(duration);
  return known === null ? duration : span(known);
}

/** How it comes round, as one would say it. */
export function roundOf(of: Pick<Schedule, "cron" | "every" | "at">): string {
  if (of.cron !== null) return of.cron;
  return of.every === null ? `once, ${moment(of.at)}` : `every ${spanned(of.every)}`;
}

export const MISSED = { once: "one run, for the latest", skip: "none is made up for", all: "a run for each in the window" } as const;
export const OVERLAP = { skip: "this time is skipped", queue: "it waits for the run before", cancel: "the run before is cancelled", allow: "it begins beside the other" } as const;
