import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { count, duration, percent } from "~/api/formats";
import { rowsOf, usePages } from "~/api/pages";
import type { DefinedGraph, Graph, Json, Versions as VersionPage, Workflow, WorkflowNode } from "~/api/types";
import { Spark } from "~/charts/Spark";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { CopyAs } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { PagedTable } from "~/components/PagedTable";
import { Rate } from "~/components/Rate";
import { Status } from "~/components/Status";
import { Table, type Column } from "~/components/Table";
import { Tabs } from "~/components/Tabs";
import { quoted } from "~/filter/clauses";
import { GraphView } from "~/graph/GraphView";
import { Configs } from "./Configs";
import { StartForm } from "./StartForm";

const route = getRouteApi("/workflows/$workflowId");

export function WorkflowPage(): ReactNode {
  const { workflowId } = route.useParams();
  const { tab } = route.useSearch();
  const navigate = useNavigate({ from: "/workflows/$workflowId" });
  const asked = useAsk<Workflow>(`/workflows/${workflowId}`);
  return (
    <Page title={asked.data?.name ?? "Workflow"} beside={asked.data && <><span className="muted">v{asked.data.version}</span><span className="grow" /><Link className="button" to="/runs" search={{ q: `workflow:${quoted(asked.data.name)}` }}>Its runs</Link></>}>
      <Answer of={asked} what="workflow">
        {(data) => (
          <>
            <Summary of={data} />
            <section className="panel" aria-label="Parts">
              <Tabs label="Parts" at={tab} onPick={(key) => void navigate({ search: { tab: key }, replace: true })} tabs={[
                { key: "nodes", name: "Nodes", body: () => <Nodes of={data} /> },
                { key: "graph", name: "Graph", body: () => <GraphPart of={data} /> },
                { key: "configs", name: "Configs", body: () => <Configs of={data} /> },
                { key: "versions", name: "Versions", body: () => <Versions of={data} /> },
                { key: "start", name: "Start a run", body: () => <Start of={data} /> },
              ]} />
            </section>
          </>
        )}
      </Answer>
    </Page>
  );
}

function Summary({ of }: { of: Workflow }): ReactNode {
  const numbers = of.statistics;
  return (
    <section className="panel" aria-label="Summary">
      {of.description && <p className="inside">{of.description}</p>}
      <dl className="figures" style={{ margin: 0, borderTop: of.description ? "1px solid var(--line)" : undefined }}>
        <div><dt>Runs</dt><dd>{count(numbers?.runs)}</dd></div>
        <div><dt>Success</dt><dd>{percent(numbers?.success_rate)}</dd></div>
        <div><dt>p50</dt><dd>{duration(numbers?.p50_ms)}</dd></div>
        <div><dt>p95</dt><dd>{duration(numbers?.p95_ms)}</dd></div>
        <div><dt>p99</dt><dd>{duration(numbers?.p99_ms)}</dd></div>
        <div><dt>14 days</dt><dd><Spark of={numbers?.sparkline ?? []} /></dd></div>
      </dl>
    </section>
  );
}

function Nodes({ of }: { of: Workflow }): ReactNode {
  const path = `/workflows/${of.workflow_id}/nodes`;
  const nodes = useAsk<WorkflowNode[]>(path);
  return (
    <Answer of={nodes} what="nodes" isEmpty={(data) => data.length === 0} empty={{ title: "No node has run yet" }}>
      {(data) => <><div className="tools"><CopyAs at={address(path)} cli={`mainstem workflows show ${of.workflow_id}`} json={data} /></div><Table label="Nodes" rows={data} columns={NODES} keyOf={(row) => row.key} /></>}
    </Answer>
  );
}

const NODES: Column<WorkflowNode>[] = [
  { key: "node", head: "Node", cell: (row) => <>{row.label}<span className="under mono">{row.key}</span></> },
  { key: "type", head: "Kind", wide: true, cell: (row) => <span className="tag">{row.type ?? "–"}</span> },
  { key: "runs", head: "Executions", num: true, cell: (row) => count(row.statistics.steps) },
  { key: "success", head: "Success", num: true, cell: (row) => <Rate of={row.statistics.success_rate} /> },
  { key: "failed", head: "Failed", num: true, wide: true, cell: (row) => count(row.statistics.failed) },
  { key: "retries", head: "Retries", num: true, wide: true, cell: (row) => count(row.statistics.retries) },
  { key: "p50", head: "p50", num: true, wide: true, cell: (row) => duration(row.statistics.p50_ms) },
  { key: "p95", head: "p95", num: true, cell: (row) => duration(row.statistics.p95_ms) },
  { key: "p99", head: "p99", num: true, wide: true, cell: (row) => duration(row.statistics.p99_ms) },
];

function GraphPart({ of }: { of: Workflow }): ReactNode {
  const graph = useAsk<DefinedGraph>(`/workflows/${of.workflow_id}/graph`);
  const nodes = useAsk<WorkflowNode[]>(`/workflows/${of.workflow_id}/nodes`);
  const numbers = new Map(nodes.data?.map((node) => [node.key, node.statistics]));
  return (
    <Answer of={graph} what="graph" isEmpty={(data) => data.nodes.length === 0} empty={{ title: "This workflow is code", children: <p>It has no graph of its own; each run has one.</p> }}>
      {(data) => <GraphView of={drawable(data)} note={(node) => { const known = numbers.get(node.key); return known ? `${percent(known.success_rate)} · p95 ${duration(known.p95_ms)}` : (node.type ?? "node"); }} />}
    </Answer>
  );
}

function drawable(of: DefinedGraph): Graph {
  return {
    nodes: of.nodes.map((node) => ({ ...node, status: null, runs: 0, steps: [], skipped_reason: null })),
    edges: of.edges.map((edge) => ({ from: edge.origin, to: edge.target, label: edge.condition ?? edge.label, taken: true })),
  };
}

function Versions({ of }: { of: Workflow }): ReactNode {
  const path = `/workflows/${of.workflow_id}/versions`;
  const asked = usePages<VersionPage>(path);
  const rows = rowsOf(asked, (page) => page.versions);
  return (
    <>
      {/* no command prints versions */}
      {rows.length > 0 && <div className="tools"><CopyAs at={address(path)} json={rows} /></div>}
      <PagedTable of={asked} rows={rows} what="versions" label="Versions" keyOf={(row) => String(row.version)} empty={{ title: "No version was published" }} columns={[
        { key: "v", head: "Version", num: true, width: "80px", cell: (row) => row.version },
        { key: "state", head: "State", cell: (row) => (row.version === of.version ? <Status of="active" word="current" /> : <span className="muted">earlier</span>) },
        { key: "at", head: "Published", cell: (row) => <Ago at={row.published_at} /> },
        { key: "by", head: "By", cell: (row) => row.published_by ?? "–" },
      ]} />
    </>
  );
}

function Start({ of }: { of: Workflow }): ReactNode {
  const schema = useAsk<Json>(`/workflows/${of.workflow_id}/schema`);
  return <Answer of={schema} what="input schema">{(data) => <StartForm workflow={of} schema={data} />}</Answer>;
}
