import type { Run, Step } from "~/api/types";
import { steps } from "./words";

/** What a retry keeps and does again, as the ledger will: from a step on, or what failed. */
export function retrySays(run: Run, from: number | null): string {
  if (from === null) {
    const kept = run.steps.filter((step) => step.status === "completed").length;
    const failed = run.steps.find((step) => step.status === "failed");
    return `${steps(kept, "recorded ")} ${kept === 1 ? "is" : "are"} kept and not run again. It goes on with ${failed ? `step ${failed.step_number}, ${failed.node_key ?? "unnamed"}` : "its next step"}; the old ending stays in its events.`;
  }
  const undone = begunAfter(run.steps, from);
  return `${steps(undone.length)} ${undone.length === 1 ? "is" : "are"} set aside and done again: ${undone.map((step) => step.node_key ?? step.step_number).join(", ")}. What they gave stays whole in the run's events; a signal that one of them took must be sent again. Of the others nothing is run again.`;
}

export function forkSays(run: Run, from: number | null): string {
  const copied = from === null ? [] : run.steps.filter((step) => step.step_number < from);
  const done = copied.length ? `${steps(copied.length)} before it ${copied.length === 1 ? "is" : "are"} copied as recorded and not run again.` : "Every step is done anew.";
  return `A new run begins. ${done} This one stays as it is.`;
}

/** The step and all that began after it, as a retry from it sets aside. */
export function begunAfter(all: Step[], from: number): Step[] {
  const first = all.find((step) => step.step_number === from);
  return all.filter((step) => step.step_number === from || (first?.started_at && step.started_at ? step.started_at > first.started_at : step.step_number > from));
}

const RETRIED = new Set(["failed", "timeout", "paused"]);

export function canRetry(run: Run): boolean {
  return RETRIED.has(run.status);
}

export function canFork(run: Run): boolean {
  return run.driver === "engine";
}

/** A step that failed, that the run's end cut short, or that stands at a breakpoint. */
export function canAmend(run: Run, step: Step): boolean {
  return run.driver === "engine" && (step.status === "failed" || (RETRIED.has(run.status) && step.status === "cancelled") || (run.status === "paused" && step.status === "pending")) && run.status !== "completed" && run.status !== "cancelled";
}
