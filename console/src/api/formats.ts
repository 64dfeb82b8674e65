// Values as a person reads them. Times come in UTC and are shown in the reader's zone.

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${pad(Math.floor((seconds % 3600) / 60))} m`;
  return `${Math.floor(seconds / 86_400)} d ${pad(Math.floor((seconds % 86_400) / 3600))} h`;
}

export function delta(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms === 0) return "±0";
  return `${ms > 0 ? "+" : "−"}${duration(Math.abs(ms))}`;
}

export function ago(time: string | null | undefined, now: number): string {
  if (!time) return "–";
  const seconds = Math.round((now - Date.parse(time)) / 1000);
  if (seconds < 0) return "in " + span(-seconds);
  return seconds < 2 ? "now" : `${span(seconds)} ago`;
}

export function span(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : value.toLocaleString("en-US").replaceAll(",", "\u202f");
}

export function percent(rate: number | null | undefined): string {
  if (rate === null || rate === undefined) return "–";
  const value = rate * 100;
  return `${value === 100 || value === 0 ? value : value.toFixed(1)} %`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  let left = value;
  while (left >= 1024 && at < units.length - 1) {
    left /= 1024;
    at += 1;
  }
  return `${at === 0 || left >= 100 ? Math.round(left) : left.toFixed(1)} ${units[at]}`;
}

export function clock(time: string | null | undefined): string {
  if (!time) return "–";
  const at = new Date(time);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

export function moment(time: string | null | undefined): string {
  if (!time) return "–";
  const at = new Date(time);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock(time)}`;
}

/** The end of an id tells runs of one second apart; its beginning is only the time. */
export function shortId(id: string): string {
  return id.length === 36 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
