import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address, tell } from "~/api/client";
import { count, duration, percent } from "~/api/formats";
import type { DefinedGraph, Draft, Graph, Json, Workflow, WorkflowNode } from "~/api/types";
import { Spark } from "~/charts/Spark";
import { Answer } from "~/components/Answer";
import { Ask } from "~/components/Ask";
import { CopyAs } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { Rate } from "~/components/Rate";
import { Status } from "~/components/Status";
import { Table, type Column } from "~/components/Table";
import { Tabs } from "~/components/Tabs";
import { quoted } from "~/filter/clauses";
import { GraphView } from "~/graph/GraphView";
import { Breakpoints } from "~/pages/breakpoints/Breakpoints";
import { Configs } from "./Configs";
import { DraftEditor } from "./DraftEditor";
import { StartForm } from "./StartForm";
import { Versions } from "./Versions";

const route = getRouteApi("/workflows/$workflowId");

export function WorkflowPage(): ReactNode {
  const { workflowId } = route.useParams();
  const { tab } = route.useSearch();
  const navigate = useNavigate({ from: "/workflows/$workflowId" });
  const asked = useAsk<Workflow>(`/workflows/${workflowId}`);
  const draft = useAsk<Draft>(`/workflows/${workflowId}/draft`);
  return (
    <Page title={asked.data?.name ?? "Workflow"} beside={asked.data && <><span className="muted">v{draft.data?.active_version ?? asked.data.version}</span>{asked.data.status === "paused" && <Status of="paused" />}<span className="grow" />{["active", "paused"].includes(asked.data.status) && <Hold of={asked.data} />}<Link className="button" to="/schedules" search={{ workflow: asked.data.name }}>Its schedules</Link><Link className="button" to="/runs" search={{ q: `workflow:${quoted(asked.data.name)}` }}>Its runs</Link></>}>
      <Answer of={asked} what="workflow">
        {(data) => (
          <>
            <Summary of={data} />
            <section className="panel" aria-label="Parts">
              <Tabs label="Parts" at={tab} onPick={(key) => void navigate({ search: { tab: key }, replace: true })} tabs={[
                { key: "nodes", name: "Nodes", body: () => <Nodes of={data} /> },
                { key: "graph", name: "Graph", body: () => <GraphPart of={data} /> },
                { key: "configs", name: "Configs", body: () => <Configs of={data} /> },
                { key: "draft", name: "Draft", body: () => <DraftEditor of={data} /> },
                { key: "versions", name: "Versions", body: () => <Versions of={data} /> },
                { key: "breakpoints", name: "Breakpoints", body: () => <OfWorkflow of={data} /> },
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

function OfWorkflow({ of }: { of: Workflow }): ReactNode {
  const nodes = useAsk<WorkflowNode[]>(`/workflows/${of.workflow_id}/nodes`);
  return <Breakpoints workflow={of.name} steps={nodes.data?.map((node) => node.key) ?? []} />;
}

/** Whether runs of it are claimed: the tenant's own switch. */
function Hold({ of }: { of: Workflow }): ReactNode {
  const [asked, setAsked] = useState(false);
  const paused = of.status === "paused";
  const path = `/workflows/${of.workflow_id}/${paused ? "resume" : "pause"}`;
  const says = paused ? "Its runs that were held are ready again." : "No run of it is claimed until it is resumed; one that a worker has goes on until it waits or ends. New runs are held.";
  return (
    <>
      <button onClick={() => setAsked(true)}>{paused ? "Resume…" : "Pause…"}</button>
      {asked && <Ask title={`${paused ? "Resume" : "Pause"} ${of.name}?`} verb={paused ? "Resume" : "Pause"} close={() => setAsked(false)} says={<p>{says}</p>} send={() => tell(path, null)} />}
    </>
  );
}

function Start({ of }: { of: Workflow }): ReactNode {
  const schema = useAsk<Json>(`/workflows/${of.workflow_id}/schema`);
  const draft = useAsk<Draft>(`/workflows/${of.workflow_id}/draft`);
  return <Answer of={schema} what="input schema">{(data) => <StartForm workflow={of} version={draft.data?.active_version ?? of.version} schema={data} />}</Answer>;
}
