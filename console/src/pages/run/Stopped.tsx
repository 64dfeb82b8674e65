import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { tell } from "~/api/client";
import type { Json, Run, Step } from "~/api/types";
import { JsonView } from "~/components/JsonView";
import { Panel } from "~/components/Panel";
import { Trouble } from "~/components/Trouble";
import { StepActions } from "./Mending";

/** A run that a breakpoint stopped: what it is about to do, and the ways on. */
export function Stopped({ run, onPick }: { run: Run; onPick: (step: number) => void }): ReactNode {
  const step = stoppedBefore(run);
  const queries = useQueryClient();
  const go = useMutation<unknown, Error, boolean>({
    mutationFn: async (step_over) => tell(`/runs/${run.run_id}/resume`, { step_over }),
    onSuccess: () => void queries.invalidateQueries(),
  });
  if (!step) return null;
  return (
    <Panel title={`Stopped before step ${step.step_number}, ${step.node_key ?? "unnamed"}`} aside={<>
      <button className="primary" disabled={go.isPending} onClick={() => go.mutate(false)}>Continue</button>
      <button disabled={go.isPending} onClick={() => go.mutate(true)}>Step over</button>
      <button className="quiet" onClick={() => onPick(step.step_number)}>Inspect</button>
    </>}>
      <div className="inside"><Trouble of={go.error} /><h3>It is about to begin with</h3><JsonView of={step.input_data} /></div>
      <StepActions run={run} step={step} />
      <p className="inside muted">Continue: on to the next breakpoint, or the end. Step over: on to the next step, and stop again.</p>
    </Panel>
  );
}

export function stoppedBefore(run: Run): Step | undefined {
  const why = run.error_details as { [key: string]: Json } | null;
  return run.status === "paused" && why?.["type"] === "Breakpoint" ? run.steps.find((step) => step.status === "pending" && step.metadata?.["breakpoint"]) : undefined;
}
