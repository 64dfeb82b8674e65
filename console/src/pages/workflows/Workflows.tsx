import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { address, tell } from "~/api/client";
import { count, duration } from "~/api/formats";
import { rowsOf, usePages } from "~/api/pages";
import type { Workflow, WorkflowMade, WorkflowPage } from "~/api/types";
import { Spark } from "~/charts/Spark";
import { Ago } from "~/components/Ago";
import { Ask, said } from "~/components/Ask";
import { CopyAs } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { PagedTable } from "~/components/PagedTable";
import { Panel } from "~/components/Panel";
import { Rate } from "~/components/Rate";
import type { Column } from "~/components/Table";

export function Workflows(): ReactNode {
  const navigate = useNavigate();
  const [making, setMaking] = useState(false);
  const asked = usePages<WorkflowPage>("/workflows");
  const rows = rowsOf(asked, (page) => page.workflows);
  return (
    <Page title="Workflows" beside={<><span className="grow" /><button onClick={() => setMaking(true)}>Draw a workflow…</button></>}>
      <Panel title="All workflows" aside={<CopyAs at={address("/workflows")} cli="mainstem workflows list" json={rows} />}>
        <PagedTable of={asked} rows={rows} what="workflows" label="Workflows" columns={COLUMNS} keyOf={(row) => row.workflow_id} onOpen={(row) => void navigate({ to: "/workflows/$workflowId", params: { workflowId: row.workflow_id }, search: {} })} empty={{ title: "No workflow yet", children: <><p>This writes one that runs:</p><code>mainstem init</code></> }} />
      </Panel>
      {making && (
        <Ask title="Draw a workflow" verb="Begin" close={() => setMaking(false)} says={<p>It begins as a draft, which you write, check and publish. A workflow that has the name already is that one.</p>} send={(form) => tell<WorkflowMade>("/workflows", { name: said(form, "name") })} done={({ workflow_id }) => void navigate({ to: "/workflows/$workflowId", params: { workflowId: workflow_id }, search: { tab: "draft" } })}>
          <label>Name<input name="name" required maxLength={255} autoComplete="off" /></label>
        </Ask>
      )}
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
