import { duration } from "~/api/formats";
import type { Run } from "~/api/types";

export function steps(number: number, which = ""): string {
  return `${number} ${which}${number === 1 ? "step" : "steps"}`;
}

/** What became of a run, as one would say it. */
export function inWords(run: Run): string {
  const failed = run.steps.find((step) => step.status === "failed");
  const current = run.steps.find((step) => step.status === "running" || step.status === "waiting");
  const done = run.steps.filter((step) => step.status === "completed").length;
  const tries = failed && failed.retry_count ? ` after ${failed.retry_count + 1} attempts` : "";
  switch (run.status) {
    case "completed": return `It completed ${steps(done)} in ${duration(run.duration_ms)}.`;
    case "failed": return failed ? `Step ${failed.step_number}, ${failed.node_key ?? "unnamed"}, failed${tries}. The ${steps(done)} before it ${done === 1 ? "is" : "are"} kept: a retry goes on from here.` : "It failed outside any step.";
    case "timeout": return `It was given up after ${duration(run.duration_ms)}${failed ? `, in step ${failed.step_number}, ${failed.node_key ?? "unnamed"}` : ""}.`;
    case "cancelled": return `It was cancelled after ${steps(done, "completed ")}.`;
    case "waiting": return current?.node_key?.startsWith("approval:") ? `It waits for a person to say what comes of ${current.node_key.slice(9)}.` : current ? `It waits at step ${current.step_number}, ${current.node_key ?? "unnamed"}, for a signal or a time.` : "It waits for a signal or a time.";
    case "running": return current ? `Step ${current.step_number}, ${current.node_key ?? "unnamed"}, is under way.` : "A worker owns it, between two steps.";
    case "paused": return run.error_message?.startsWith("stopped before") ? "A breakpoint stopped it: nothing begins until it is told to go on." : "It is paused: no step begins until it is resumed.";
    case "pending": return "It waits in the queue for a worker.";
  }
}

/** A step's id names its run: the last 24 bits are the step's number. */
export function runOfStep(stepId: string): string {
  return `${stepId.slice(0, -6)}000000`;
}
