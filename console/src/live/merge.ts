import type { RunFrame, RunPage, RunStatus, RunSummary } from "~/api/types";

const OVER = new Set<RunStatus>(["completed", "failed", "cancelled", "timeout"]);

export function isOver(status: string): boolean {
  return OVER.has(status as RunStatus);
}

export interface Merged { page: RunPage; fresh: boolean }

/** A frame into a page of runs: a listed run changes where it stands; an unknown one is only told of, so that nothing jumps. */
export function mergeFrame(page: RunPage, frame: RunFrame): Merged {
  const at = page.runs.findIndex((run) => run.run_id === frame.run_id);
  const known = page.runs[at];
  if (!known) return { page, fresh: true };
  const changed = mergeRun(known, frame);
  if (changed === known) return { page, fresh: false };
  return { page: { ...page, runs: page.runs.with(at, changed) }, fresh: false };
}

/** The same frame twice changes nothing the second time, and an older frame never takes an ending back. */
export function mergeRun(run: RunSummary, frame: RunFrame): RunSummary {
  if (run.status === frame.status && !frame.steps.length) return run;
  if (isOver(run.status) && !isOver(frame.status) && run.ended_at && frame.at <= run.ended_at) return run;
  const ends = isOver(frame.status) && !isOver(run.status);
  return {
    ...run,
    status: frame.status,
    started_at: run.started_at ?? (frame.status === "pending" ? null : frame.at),
    ...(ends ? { ended_at: frame.at, duration_ms: run.started_at ? Date.parse(frame.at) - Date.parse(run.started_at) : run.duration_ms } : {}),
    ...(run.steps ? { steps: counted(run.steps, frame) } : {}),
  };
}

// A frame tells the steps that moved, not the totals: highest number seen is the least total there can be.
function counted(steps: NonNullable<RunSummary["steps"]>, frame: RunFrame): NonNullable<RunSummary["steps"]> {
  const highest = Math.max(steps.total, ...frame.steps.map((step) => step.step_number));
  return { ...steps, total: highest, ...(isOver(frame.status) && frame.status === "completed" ? { completed: highest, running: 0 } : {}) };
}
