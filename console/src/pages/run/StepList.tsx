import type { ReactNode } from "react";
import { clock, duration } from "~/api/formats";
import type { Step } from "~/api/types";
import { Status } from "~/components/Status";
import { Table } from "~/components/Table";

export function StepList({ steps, onPick }: { steps: Step[]; onPick: (step: number) => void }): ReactNode {
  return (
    <Table label="Steps" rows={steps} keyOf={(step) => step.step_id} onOpen={(step) => onPick(step.step_number)} columns={[
      { key: "n", head: "#", num: true, width: "40px", cell: (step) => step.step_number },
      { key: "status", head: "Status", width: "112px", cell: (step) => <Status of={step.status} /> },
      { key: "node", head: "Node", cell: (step) => <><button className="bare" onClick={() => onPick(step.step_number)}>{step.node_key ?? "–"}{step.iteration > 1 ? ` [${step.iteration}]` : ""}</button>{step.error_message && <span className="under clip" style={{ color: "var(--failed)", maxWidth: "56ch" }}>{step.error_message}</span>}</> },
      { key: "tries", head: "Attempts", num: true, wide: true, cell: (step) => step.retry_count + 1 },
      { key: "shots", head: "Screenshots", num: true, wide: true, cell: (step) => step.screenshots.length || <span className="muted">–</span> },
      { key: "started", head: "Started", num: true, wide: true, cell: (step) => clock(step.started_at) },
      { key: "duration", head: "Duration", num: true, cell: (step) => duration(step.duration_ms) },
    ]} />
  );
}
