import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { duration, shortId } from "~/api/formats";
import type { RunSummary } from "~/api/types";
import { Ago } from "~/components/Ago";
import { useNow } from "~/components/now";
import { Status } from "~/components/Status";
import { Table, type Column } from "~/components/Table";

/** Runs as every page lists them. */
export function RunTable({ runs, label = "Runs", tall, onEnd }: { runs: RunSummary[]; label?: string; tall?: boolean; onEnd?: () => void }): ReactNode {
  const navigate = useNavigate();
  const longest = Math.max(1, ...runs.map((run) => run.duration_ms ?? 0));
  return <Table label={label} rows={runs} columns={columnsOf(longest)} keyOf={(run) => run.run_id} rowHeight={49} tall={tall ?? false} {...(onEnd ? { onEnd } : {})} onOpen={(run) => void navigate({ to: "/runs/$runId", params: { runId: run.run_id }, search: {} })} />;
}

function columnsOf(longest: number): Column<RunSummary>[] {
  return [
    { key: "status", head: "Status", width: "116px", cell: (run) => <Status of={run.status} /> },
    { key: "run", head: "Run", cell: (run) => <RunName run={run} /> },
    { key: "channel", head: "Channel", wide: true, width: "84px", cell: (run) => <span className="tag">{run.channel}</span> },
    { key: "steps", head: "Steps", wide: true, width: "120px", cell: (run) => <StepBar run={run} /> },
    { key: "retries", head: "Retries", num: true, wide: true, width: "72px", cell: (run) => (run.retries ? run.retries : <span className="muted">–</span>) },
    { key: "duration", head: "Duration", num: true, width: "104px", cell: (run) => (run.ended_at ? <DurationBar ms={run.duration_ms} longest={longest} /> : <Elapsed since={run.started_at} />) },
    { key: "started", head: "Started", num: true, wide: true, width: "104px", cell: (run) => <Ago at={run.started_at ?? run.created_at} /> },
  ];
}

function RunName({ run }: { run: RunSummary }): ReactNode {
  return (
    <div style={{ minWidth: 0 }}>
      <Link to="/runs/$runId" params={{ runId: run.run_id }} search={{}} style={{ fontWeight: 500 }}>{run.workflow}</Link>{" "}
      <span className="muted wide">v{run.workflow_version}</span>{run.is_test && <> <span className="tag">test</span></>}
      <span className="under clip brief" style={run.error_message ? { color: "var(--failed)" } : undefined} title={run.error_message ?? run.run_id}>
        {run.error_message ?? <><span className="mono">{shortId(run.run_id)}</span>{run.external_id ? ` · ${run.external_id}` : ""}</>}
      </span>
    </div>
  );
}

function StepBar({ run }: { run: RunSummary }): ReactNode {
  if (!run.steps) return <span className="muted">–</span>;
  const { total, completed, failed } = run.steps;
  return (
    <span className="row">
      <span className="bar" style={{ width: 48 }} aria-hidden="true">
        <i style={{ width: `${(100 * completed) / Math.max(1, total)}%`, background: "var(--completed)" }} />
        {failed > 0 && <i style={{ left: `${(100 * completed) / Math.max(1, total)}%`, width: `${(100 * failed) / Math.max(1, total)}%`, background: "var(--failed)" }} />}
      </span>
      <span className="nowrap">{completed}/{total}</span>
    </span>
  );
}

function Elapsed({ since }: { since: string | null }): ReactNode {
  const now = useNow();
  return since ? <span className="muted nowrap" title="so far">{duration(Math.max(0, Math.floor((now - Date.parse(since)) / 1000) * 1000))}</span> : <span className="muted">–</span>;
}

function DurationBar({ ms, longest }: { ms: number | null; longest: number }): ReactNode {
  return (
    <span style={{ display: "inline-grid", justifyItems: "end", gap: 3 }}>
      <span className="nowrap">{duration(ms)}</span>
      {ms !== null && <span className="bar" aria-hidden="true"><i style={{ width: `${Math.max(2, (100 * ms) / longest)}%` }} /></span>}
    </span>
  );
}
