import { useState, type ReactNode } from "react";
import type { Run } from "~/api/types";
import { Confirm } from "~/components/Confirm";
import { isOver } from "~/live/merge";
import { steps } from "./words";

type Action = "cancel" | "retry" | "resume" | "signal";

export function Actions({ run }: { run: Run }): ReactNode {
  const [asked, setAsked] = useState<Action | null>(null);
  const close = (): void => setAsked(null);
  return (
    <>
      {possible(run).map((action) => <button key={action} className={action === "cancel" ? "danger" : undefined} onClick={() => setAsked(action)}>{NAMES[action]}</button>)}
      {asked === "cancel" && <Confirm title="Cancel this run?" path={`/runs/${run.run_id}/cancel`} verb="Cancel the run" danger close={close} field={{ name: "reason", label: "Reason, kept with the run" }} says="The step in progress may finish; none starts after it. A cancelled run cannot be brought back." />}
      {asked === "retry" && <Confirm title="Retry this run?" path={`/runs/${run.run_id}/retry`} verb="Retry" close={close} says={retrySays(run)} />}
      {asked === "resume" && <Confirm title="Resume this run?" path={`/runs/${run.run_id}/resume`} verb="Resume" close={close} says="It goes back into the queue and continues after its last recorded step." />}
      {asked === "signal" && <Confirm title="Signal this run" path="" pathOf={(name) => `/runs/${run.run_id}/signals/${encodeURIComponent(name)}`} verb="Send" close={close} field={{ name: "name", label: "Name of the signal" }} says="A run that waits for this signal goes on; one that does not keeps it until it asks." />}
    </>
  );
}

const NAMES: Record<Action, string> = { cancel: "Cancel…", retry: "Retry…", resume: "Resume…", signal: "Signal…" };

export function possible(run: Run): Action[] {
  if (run.status === "failed" || run.status === "timeout") return ["retry"];
  if (isOver(run.status)) return [];
  return [...(run.status === "paused" ? (["resume"] as const) : []), "signal", "cancel"];
}

function retrySays(run: Run): string {
  const kept = run.steps.filter((step) => step.status === "completed").length;
  const failed = run.steps.find((step) => step.status === "failed");
  return `${steps(kept, "recorded ")} ${kept === 1 ? "is" : "are"} kept and not run again. It goes on with ${failed ? `step ${failed.step_number}, ${failed.node_key ?? "unnamed"}` : "its next step"}; the old ending stays in its events.`;
}
