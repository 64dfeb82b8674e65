import { describe, expect, it } from "vitest";
import type { Run, Step } from "~/api/types";
import { begunAfter, canAmend, forkSays, retrySays } from "~/pages/run/effects";

const step = (step_number: number, status: string, started_at: string | null): Step => ({ step_number, status, started_at, node_key: `n${step_number}` }) as Step;
const run = (status: string, ...steps: Step[]): Run => ({ status, steps, driver: "engine" }) as unknown as Run;
const failed = run("failed", step(1, "completed", "2026-03-01T00:00:01Z"), step(2, "completed", "2026-03-01T00:00:03Z"), step(3, "failed", "2026-03-01T00:00:02Z"));

describe("what a dialog says before", () => {
  it("names what a retry keeps and where it goes on", () => {
    expect(retrySays(failed, null)).toContain("2 recorded steps are kept");
    expect(retrySays(failed, null)).toContain("step 3, n3");
  });

  it("sets aside the step and what began after it, not what has a higher number", () => {
    expect(begunAfter(failed.steps, 3).map((one) => one.step_number)).toEqual([2, 3]);
    expect(retrySays(failed, 2)).toContain("1 step is set aside and done again: n2.");
  });

  it("says what a fork copies", () => {
    expect(forkSays(failed, 3)).toContain("2 steps before it are copied");
    expect(forkSays(failed, null)).toContain("Every step is done anew.");
  });
});

it("a step is mended when it failed, was cut short or stands at a breakpoint", () => {
  expect(failed.steps.map((one) => canAmend(failed, one))).toEqual([false, false, true]);
  const stopped = run("paused", step(1, "completed", null), step(2, "pending", null));
  expect(stopped.steps.map((one) => canAmend(stopped, one))).toEqual([false, true]);
});
