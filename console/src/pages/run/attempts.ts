import type { Json, Step } from "~/api/types";

export interface Attempt { number: number; status: string; started_at: string | null; ended_at: string | null; input: Json | undefined; output: Json; error: string | null }

const UNDONE = new Set(["step_retried", "attempt_failed"]);

/** Every try of a step: those that a retry undid are in its events, the last is the step itself. */
export function attemptsOf(step: Step): Attempt[] {
  const undone = step.events.filter((event) => UNDONE.has(event.event_type)).map((event, index) => {
    const kept = (event.event_data ?? {}) as { [key: string]: Json };
    return { number: index + 1, status: "failed", started_at: text(kept["started_at"]), ended_at: text(kept["ended_at"]) ?? event.timestamp, input: kept["input_data"], output: kept["output_data"] ?? null, error: text(kept["error_message"]) ?? text(kept["error"]) ?? text(kept["message"]) };
  });
  return [...undone, { number: undone.length + 1, status: step.status, started_at: step.started_at, ended_at: step.ended_at, input: step.input_data, output: step.output_data, error: step.error_message }];
}

function text(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
