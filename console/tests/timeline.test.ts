import { describe, expect, it } from "vitest";
import type { Span, Timeline } from "~/api/types";
import { covered, layOut, place, ticks } from "~/pages/run/layout";

const ZERO = Date.parse("2026-01-01T00:00:00Z");
const at = (second: number): string => new Date(ZERO + second * 1000).toISOString();
const span = (step: number, kind: Span["kind"], from: number, to: number | null, status = "completed"): Span => ({ step_number: step, node_key: step ? `n${step}` : null, kind, began: at(from), ended: to === null ? null : at(to), status, attempt: 1 });
const timeline = (...spans: Span[]): Timeline => ({ run_id: "r", started_at: at(0), ended_at: null, spans });

describe("a timeline", () => {
  it("has a lane for the queue and one for each step, in order", () => {
    const { lanes } = layOut(timeline(span(2, "step", 3, 4), span(0, "queue", 0, 1), span(1, "step", 1, 3)), 400, ZERO);
    expect(lanes.map((lane) => lane.label)).toEqual(["queue", "n1", "n2"]);
  });
  it("splits the time into queue, running and waiting, and counts what overlaps once", () => {
    const { shares } = layOut(timeline(span(0, "queue", 0, 1), span(1, "step", 1, 5), span(2, "step", 3, 6), span(3, "step", 8, 10)), 400, ZERO);
    expect(shares).toEqual({ queue: 1000, run: 7000, wait: 2000 });
  });
  it("draws a step that is under way up to now", () => {
    const { lanes } = layOut(timeline(span(1, "step", 0, null, "running")), 400, ZERO + 4000);
    expect(lanes[0]?.bars[0]).toMatchObject({ open: true, x: 0, width: 400 });
  });
  it("folds long idle time, so that work stays visible", () => {
    const spans = timeline(span(1, "step", 0, 1), span(2, "step", 3600, 3601));
    const folded = layOut(spans, 444, ZERO);
    expect(folded.segments.map((one) => one.idle)).toEqual([false, true, false]);
    expect(folded.lanes[1]?.bars[0]?.width).toBeCloseTo(200);
    expect(layOut(spans, 444, ZERO, false).lanes[1]?.bars[0]?.width).toBe(2);
  });
  it("never goes back in x as time goes on", () => {
    const { segments, began, ended } = layOut(timeline(span(1, "step", 0, 1), span(2, "step", 100, 140), span(3, "step", 900, 901)), 600, ZERO);
    const xs = Array.from({ length: 200 }, (_, index) => place(segments, began + ((ended - began) * index) / 199));
    expect(xs.every((x, index) => index === 0 || x >= (xs[index - 1] ?? 0))).toBe(true);
  });
  it("marks round times", () => {
    const { segments, began } = layOut(timeline(span(1, "step", 0, 10)), 1000, ZERO);
    expect(ticks(segments, began).map((tick) => tick.ms)).toEqual([0, 2000, 4000, 6000, 8000, 10000]);
  });
  it("of nothing is empty and no error", () => {
    expect(layOut(timeline(), 400, ZERO).lanes).toEqual([]);
    expect(covered([])).toBe(0);
  });
});
