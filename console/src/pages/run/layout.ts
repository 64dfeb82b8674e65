import type { Span, Timeline } from "~/api/types";

export interface Segment { from: number; to: number; x: number; width: number; idle: boolean }
export interface Bar { x: number; width: number; kind: Span["kind"]; status: string; attempt: number | null; began: number; ended: number; open: boolean }
export interface Lane { step: number | null; key: string; label: string; bars: Bar[] }
export interface Layout { segments: Segment[]; lanes: Lane[]; began: number; ended: number; shares: { queue: number; run: number; wait: number } }

const IDLE_SHARE = 0.18;
const IDLE_WIDTH = 44;
const LEAST = 2;

/** A run's spans as bars in lanes. Where nothing worked for long, time is folded, so that work stays visible. */
export function layOut(timeline: Timeline, width: number, now: number, fold = true): Layout {
  const spans = timeline.spans.filter((span) => span.kind !== "run").map((span) => ({ ...span, step_number: span.step_number || null, from: Date.parse(span.began), to: span.ended ? Date.parse(span.ended) : now }));
  const began = Math.min(...spans.map((span) => span.from), timeline.started_at ? Date.parse(timeline.started_at) : now);
  const ended = Math.max(...spans.map((span) => span.to), timeline.ended_at ? Date.parse(timeline.ended_at) : 0, began + 1);
  const busy = spans.filter((span) => span.kind === "attempt" || span.kind === "step");
  const segments = placed(fold ? cuts(busy, began, ended) : [{ from: began, to: ended, idle: false }], width);
  const lanes = new Map<string, Lane>();
  for (const span of spans) {
    const key = span.step_number === null ? span.kind : String(span.step_number);
    const lane = lanes.get(key) ?? { step: span.step_number, key, label: span.node_key ?? span.kind, bars: [] };
    const x = place(segments, span.from);
    lane.bars.push({ x, width: Math.max(LEAST, place(segments, span.to) - x), kind: span.kind, status: span.status, attempt: span.attempt, began: span.from, ended: span.to, open: span.ended === null });
    lanes.set(key, lane);
  }
  return { segments, lanes: [...lanes.values()].sort(byStep), began, ended, shares: sharesOf(spans, began, ended) };
}

function byStep(a: Lane, b: Lane): number {
  return (a.step ?? -1) - (b.step ?? -1);
}

interface Piece { from: number; to: number; idle: boolean }

function cuts(busy: { from: number; to: number }[], began: number, ended: number): Piece[] {
  const pieces: Piece[] = [];
  let reached = began;
  const add = (from: number, to: number, idle: boolean): void => {
    const last = pieces.at(-1);
    if (to <= from) return;
    if (last && last.idle === idle) last.to = to;
    else pieces.push({ from, to, idle });
  };
  for (const span of [...busy].sort((a, b) => a.from - b.from)) {
    if (span.from > reached) add(reached, span.from, (span.from - reached) / (ended - began) > IDLE_SHARE);
    add(Math.max(reached, span.from), span.to, false);
    reached = Math.max(reached, span.to);
  }
  add(reached, ended, (ended - reached) / (ended - began) > IDLE_SHARE);
  return pieces;
}

function placed(pieces: Piece[], width: number): Segment[] {
  const idle = pieces.filter((piece) => piece.idle).length * IDLE_WIDTH;
  const working = pieces.reduce((sum, piece) => sum + (piece.idle ? 0 : piece.to - piece.from), 0) || 1;
  let x = 0;
  return pieces.map((piece) => {
    const wide = piece.idle ? IDLE_WIDTH : ((piece.to - piece.from) / working) * Math.max(0, width - idle);
    const segment = { ...piece, x, width: wide };
    x += wide;
    return segment;
  });
}

export function place(segments: Segment[], time: number): number {
  const inside = segments.find((segment) => time <= segment.to) ?? segments.at(-1);
  if (!inside) return 0;
  const share = (time - inside.from) / Math.max(1, inside.to - inside.from);
  return inside.x + inside.width * Math.max(0, Math.min(1, share));
}

function sharesOf(spans: { kind: string; from: number; to: number }[], began: number, ended: number): { queue: number; run: number; wait: number } {
  const queue = covered(spans.filter((span) => span.kind === "queue"));
  const run = covered(spans.filter((span) => span.kind === "attempt" || span.kind === "step"));
  return { queue, run, wait: Math.max(0, ended - began - queue - run) };
}

/** Milliseconds that any of the spans covers: what overlaps counts once. */
export function covered(spans: { from: number; to: number }[]): number {
  let sum = 0;
  let reached = -Infinity;
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    sum += Math.max(0, span.to - Math.max(span.from, reached));
    reached = Math.max(reached, span.to);
  }
  return sum;
}

/** Round times inside a segment, about every `apart` pixels. */
export function ticks(segments: Segment[], began: number, apart = 110): { x: number; ms: number }[] {
  const wide = segments.filter((segment) => !segment.idle);
  const working = wide.reduce((sum, segment) => sum + segment.to - segment.from, 0);
  const width = wide.reduce((sum, segment) => sum + segment.width, 0) || 1;
  const raw = (working / width) * apart;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= raw) ?? raw;
  return wide.flatMap((segment) => {
    const first = Math.ceil((segment.from - began) / step) * step;
    const number = Math.max(0, Math.floor((segment.to - began - first) / step) + 1);
    return Array.from({ length: Math.min(number, 40) }, (_, index) => ({ ms: first + index * step, x: place([segment], began + first + index * step) }));
  });
}
