import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address, type Params } from "~/api/client";
import { count, duration, percent } from "~/api/formats";
import type { Cell, Channel, Latency, SlowNode, Summary as Shape } from "~/api/types";
import { BY, PERIODS, type AnalyticsSearch } from "~/app/search";
import { ChartFrame } from "~/charts/ChartFrame";
import { Heat, HeatTable } from "~/charts/Heat";
import { LatencyChart, LatencyLegend, LatencyTable } from "~/charts/LatencyChart";
import { Answer } from "~/components/Answer";
import { CopyAs } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { Panel } from "~/components/Panel";
import { Table } from "~/components/Table";
import { ChannelTable } from "../Channels";

// No command prints analytics, so nothing here is copied as CLI.
const route = getRouteApi("/analytics");
const DAYS = { "24h": 1, "7d": 7, "30d": 30 };
const WORDS = { "24h": "24 hours", "7d": "7 days", "30d": "30 days" };

export function Analytics(): ReactNode {
  const { period = "7d", by = "workflow" } = route.useSearch();
  const navigate = useNavigate({ from: "/analytics" });
  const set = (change: AnalyticsSearch): void => void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const params = { days: DAYS[period] };
  return (
    <Page title="Analytics" beside={<><span className="grow" /><Choice label="Period" of={PERIODS} at={period} words={WORDS} onPick={(one) => set({ period: one })} /></>}>
      <Summary params={params} />
      <LatencyPart params={params} by={by} onBy={(one) => set({ by: one })} />
      <div className="two">
        <HeatPart params={params} />
        <ChannelPart params={params} />
      </div>
      <SlowPart params={params} />
    </Page>
  );
}

function Choice<T extends string>({ label, of, at, words, onPick }: { label: string; of: readonly T[]; at: T; words?: Record<T, string>; onPick: (one: T) => void }): ReactNode {
  return <div className="row" role="group" aria-label={label} style={{ gap: 2 }}>{of.map((one) => <button key={one} className={one === at ? undefined : "quiet"} aria-pressed={one === at} onClick={() => onPick(one)}>{words?.[one] ?? one}</button>)}</div>;
}

function Summary({ params }: { params: Params }): ReactNode {
  const summary = useAsk<Shape>("/analytics/summary", params, { keep: true });
  return (
    <Panel title="Summary">
      <Answer of={summary} what="summary" isEmpty={(data) => data.runs === 0} empty={{ title: "No run in this period" }}>
        {(data) => (
          <dl className="figures" style={{ margin: 0 }}>
            <div><dt>Runs</dt><dd>{count(data.runs)}</dd></div>
            <div><dt>Success</dt><dd>{percent(data.success_rate)}</dd></div>
            <div><dt>Failed</dt><dd>{count(data.failed)}</dd></div>
            <div><dt>Retries</dt><dd>{count(data.retries)}</dd></div>
            <div><dt>p50</dt><dd>{duration(data.p50_ms)}</dd></div>
            <div><dt>p95</dt><dd>{duration(data.p95_ms)}</dd></div>
            <div><dt>p99</dt><dd>{duration(data.p99_ms)}</dd></div>
          </dl>
        )}
      </Answer>
    </Panel>
  );
}

function LatencyPart({ params, by, onBy }: { params: Params; by: (typeof BY)[number]; onBy: (by: (typeof BY)[number]) => void }): ReactNode {
  const asked = { ...params, by };
  const latency = useAsk<Latency[]>("/analytics/latency", asked, { keep: true });
  const aside = <><Choice label="By" of={BY} at={by} onPick={onBy} /><CopyAs at={address("/analytics/latency", asked)} json={latency.data} /></>;
  if (!latency.data?.length) return <Panel title="Latency" aside={aside}><Answer of={latency} what="latencies" isEmpty={(data) => data.length === 0} empty={{ title: "Not enough runs", children: <p>Percentiles need runs that ended.</p> }}>{() => null}</Answer></Panel>;
  return <Answer of={latency} what="latencies">{(data) => <ChartFrame title="Latency" aside={aside} chart={<LatencyChart of={data} />} legend={<LatencyLegend />} table={<LatencyTable of={data} head={by} />} />}</Answer>;
}

function HeatPart({ params }: { params: Params }): ReactNode {
  const heat = useAsk<Cell[]>("/analytics/heatmap", params, { keep: true });
  if (!heat.data?.length) return <Panel title="Hour and weekday"><Answer of={heat} what="heatmap" isEmpty={(data) => data.length === 0} empty={{ title: "No run in this period" }}>{() => null}</Answer></Panel>;
  return (
    <Answer of={heat} what="heatmap">
      {(data) => <ChartFrame title="Hour and weekday, UTC" chart={<Heat of={data} />} table={<HeatTable of={data} />} legend={<div className="legend"><span><i style={{ background: "var(--accent)" }} />runs</span><span><i style={{ background: "var(--failed)", borderRadius: "50%" }} />some failed</span></div>} aside={<CopyAs at={address("/analytics/heatmap", params)} json={data} />} />}
    </Answer>
  );
}

function ChannelPart({ params }: { params: Params }): ReactNode {
  const channels = useAsk<Channel[]>("/analytics/channels", params, { keep: true });
  return (
    <Panel title="Channels" aside={<CopyAs at={address("/analytics/channels", params)} json={channels.data} />}>
      <Answer of={channels} what="channels" isEmpty={(data) => data.length === 0} empty={{ title: "No run in this period" }}>{(data) => <ChannelTable of={data} />}</Answer>
    </Panel>
  );
}

const FIRST = 20;
const MOST = 200;

function SlowPart({ params }: { params: Params }): ReactNode {
  const [limit, setLimit] = useState(FIRST);
  const asked = { ...params, limit };
  const nodes = useAsk<SlowNode[]>("/analytics/nodes", asked, { keep: true });
  return (
    <Panel title="Slowest nodes" aside={<CopyAs at={address("/analytics/nodes", asked)} json={nodes.data} />}>
      <Answer of={nodes} what="nodes" isEmpty={(data) => data.length === 0} empty={{ title: "No step in this period" }}>
        {(data) => <Table label="Slowest nodes" rows={data} keyOf={(row) => `${row.workflow_id} ${row.node}`} tall={data.length > FIRST} columns={[
          { key: "node", head: "Node", cell: (row) => <>{row.node}<span className="under">{row.workflow}</span></> },
          { key: "steps", head: "Steps", num: true, cell: (row) => count(row.steps) },
          { key: "failed", head: "Failed", num: true, wide: true, cell: (row) => count(row.failed) },
          { key: "retries", head: "Retries", num: true, wide: true, cell: (row) => count(row.retries) },
          { key: "p50", head: "p50", num: true, wide: true, cell: (row) => duration(row.p50_ms) },
          { key: "p95", head: "p95", num: true, cell: (row) => duration(row.p95_ms) },
          { key: "all", head: "In all", num: true, cell: (row) => duration(row.total_ms) },
        ]} />}
      </Answer>
      {limit < MOST && nodes.data?.length === limit && <div className="more"><button onClick={() => setLimit(MOST)}>More nodes</button><span className="muted">the {limit} slowest are shown</span></div>}
    </Panel>
  );
}
