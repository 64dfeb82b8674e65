import type { ReactNode } from "react";
import type { Json, Run, Step } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Panel } from "~/components/Panel";
import { ApprovalForm } from "~/pages/approvals/ApprovalForm";

/** What the run waits to be told by a person, with the form to tell it. */
export function Waiting({ run }: { run: Run }): ReactNode {
  return run.steps.filter(isAsked).map((step) => <OneApproval key={step.step_id} step={step} />);
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
