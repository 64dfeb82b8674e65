import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { tell } from "~/api/client";
import type { Graph, Json, Run, Step } from "~/api/types";
import { Ago } from "~/components/Ago";
import { json } from "~/components/Fields";
import { Panel } from "~/components/Panel";
import { Trouble } from "~/components/Trouble";
import { ApprovalForm } from "~/pages/approvals/ApprovalForm";

/** What the run waits to be told by a person, with the form to tell it. */
export function Waiting({ run }: { run: Run }): ReactNode {
  const signals = run.steps.filter((step) => step.status === "waiting" && waitOf(step)["kind"] === "signal");
  const graph = useAsk<Graph>(`/runs/${run.run_id}/graph`, {}, { enabled: signals.length > 0 });
  const nodes = graph.data?.nodes.filter((node) => node.type === "approval") ?? [];
  return (
    <>
      {run.steps.filter(isAsked).map((step) => <OneApproval key={step.step_id} step={step} />)}
      {signals.map((step) => { const node = nodes.find((one) => one.steps.includes(step.step_number)); return node && <OfNode key={step.step_id} step={step} name={node.label} />; })}
    </>
  );
}

/** An approval that a graph asks for: its answer is a signal, with whatever its form asks beside. */
function OfNode({ step, name }: { step: Step; name: string }): ReactNode {
  const queries = useQueryClient();
  const answer = useMutation<unknown, Error, { form: FormData; approved: boolean }>({
    mutationFn: async ({ form, approved }) => {
      const beside = json(form, "beside", "What is said beside it") ?? {};
      return tell(`/runs/${step.run_id}/signals/${encodeURIComponent(String(waitOf(step)["signal"]))}`, { ...(beside as object), approved });
    },
    onSuccess: () => void queries.invalidateQueries(),
  });
  const submit = (event: React.FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    answer.mutate({ form: new FormData(event.currentTarget), approved: (event.nativeEvent as SubmitEvent).submitter?.getAttribute("value") === "yes" });
  };
  return (
    <Panel title={`Approval: ${name}`} aside={<span className="muted">asked <Ago at={step.started_at} /></span>}>
      <form className="inside form narrow" onSubmit={submit}>
        <label>Said beside it, as JSON <small>What the node's form asks for; may be empty</small><textarea name="beside" rows={2} spellCheck={false} placeholder={'{"reason": "…"}'} /></label>
        <Trouble of={answer.error} />
        <div className="row"><button className="primary" type="submit" value="yes" disabled={answer.isPending}>Approve</button><button className="danger" type="submit" value="no" disabled={answer.isPending}>Reject</button></div>
      </form>
    </Panel>
  );
}

function OneApproval({ step }: { step: Step }): ReactNode {
  const asked = (step.input_data ?? {}) as { [key: string]: Json };
  const due = waitOf(step)["due"];
  const name = String(asked["name"] ?? step.node_key);
  return (
    <Panel title={`Approval: ${name}`} aside={<span className="muted">{asked["assignee"] ? `for ${String(asked["assignee"])}, ` : ""}asked <Ago at={step.started_at} />{typeof due === "string" && <>, until <Ago at={due} /></>}</span>}>
      <ApprovalForm of={{ step_id: step.step_id, form: asked["form"] ?? null }} />
    </Panel>
  );
}

function isAsked(step: Step): boolean {
  return step.status === "waiting" && waitOf(step)["kind"] === "approval";
}

export function waitOf(step: Step): { [key: string]: Json } {
  const wait = step.metadata?.["wait"];
  return wait !== null && typeof wait === "object" && !Array.isArray(wait) ? wait : {};
}
