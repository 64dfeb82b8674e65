import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { count, duration } from "~/api/formats";
import type { Workflow, WorkflowPage } from "~/api/types";
import { Spark } from "~/charts/Spark";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { CopyAs, curlOf } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { Panel } from "~/components/Panel";
import { Rate } from "~/components/Rate";
import { Table, type Column } from "~/components/Table";

export function Workflows(): ReactNode {
  const navigate = useNavigate();
  const asked = useAsk<WorkflowPage>("/workflows");
  return (
    <Page title="Workflows">
      <Panel title="All workflows" aside={<CopyAs sql="select * from mainstem.v_workflow_execution_stats;" curl={curlOf(address("/workflows"))} cli="mainstem workflows list" json={asked.data?.workflows} />}>
        <Answer of={asked} what="workflows" isEmpty={(data) => data.workflows.length === 0} empty={{ title: "No workflow yet", children: <><p>This writes one that runs:</p><code>mainstem init</code></> }}>
          {(data) => <Table label="Workflows" rows={data.workflows} columns={COLUMNS} keyOf={(row) => row.workflow_id} onOpen={(row) => void navigate({ to: "/workflows/$workflowId", params: { workflowId: row.workflow_id }, search: {} })} />}
        </Answer>
      </Panel>
    </Page>
  );
}

const COLUMNS: Column<Workflow>[] = [
  { key: "name", head: "Workflow", cell: (row) => <><Link to="/workflows/$workflowId" params={{ workflowId: row.workflow_id }} search={{}} style={{ fontWeight: 500 }}>{row.name}</Link> <span className="muted">v{row.version}</span><span className="under clip wide" style={{ maxWidth: "60ch" }}>{row.description}</span></> },
  { key: "spark", head: "14 days", wide: true, cell: (row) => <Spark of={row.statistics?.sparkline ?? []} /> },
  { key: "runs", head: "Runs", num: true, cell: (row) => count(row.statistics?.runs) },
  { key: "open", head: "Open", num: true, wide: true, cell: (row) => count(row.statistics?.running) },
  { key: "success", head: "Success", num: true, cell: (row) => <Rate of={row.statistics?.success_rate ?? null} /> },
  { key: "p50", head: "p50", num: true, wide: true, cell: (row) => duration(row.statistics?.p50_ms) },
  { key: "p95", head: "p95", num: true, wide: true, cell: (row) => duration(row.statistics?.p95_ms) },
  { key: "last", head: "Last run", num: true, wide: true, cell: (row) => <Ago at={row.statistics?.last_run_at} /> },
];
