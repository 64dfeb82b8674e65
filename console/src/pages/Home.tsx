import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { count, percent, shortId } from "~/api/formats";
import type { Attention, Histogram, Home as Shape, Hour, OpenRun } from "~/api/types";
import { ChartFrame } from "~/charts/ChartFrame";
import { HistogramLegend, HistogramTable, RunHistogram } from "~/charts/RunHistogram";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { CopyAs, worded } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import { Table } from "~/components/Table";
import { ChannelTable } from "./Channels";

export function Home(): ReactNode {
  const home = useAsk<Shape>("/home", {}, { every: 15_000 });
  return (
    <Page title="Home">
      <Answer of={home} what="overview" isEmpty={isNew} empty={{ title: "Nothing has run yet", children: <FirstSteps /> }}>
        {(data) => <Overview of={data} />}
      </Answer>
    </Page>
  );
}

function isNew(home: Shape): boolean {
  return !home.running_now.latest.length && !home.needs_attention.length && home.hours.every((hour) => hour.completed + hour.failed + hour.cancelled + hour.open === 0) && !home.channels.some((row) => row.runs > 0);
}

function FirstSteps(): ReactNode {
  return (
    <div className="stack tight" style={{ textAlign: "left", color: "var(--ink)" }}>
      <p>See it work: <code>mainstem demo</code></p>
      <p>Write a workflow: <code>mainstem init</code></p>
      <p>Bring old run tables home: <code>mainstem consolidate inspect</code></p>
    </div>
  );
}

/** As the API lists them: the latest of those that began in 30 days. */
const OPEN = "is:open created:>-30d";
const MOST = 20;

function Overview({ of }: { of: Shape }): ReactNode {
  const { latest } = of.running_now;
  return (
    <>
      <Figures of={of} />
      <div className="two">
        <Panel title="Needs attention">
          {of.needs_attention.length ? <ul className="attention">{of.needs_attention.map((one) => <Concern key={one.kind + one.what} of={one} />)}</ul> : <div className="state"><Status of="ok" word="Nothing needs you" /></div>}
        </Panel>
        {/* no command prints channels */}
        <Panel title="Channels, last 24 hours" aside={<CopyAs at={address("/channels", { days: 1 })} json={of.channels} />}>
          <ChannelTable of={of.channels} />
        </Panel>
      </div>
      <ChartFrame title="Last 24 hours" chart={<RunHistogram of={hourly(of.hours)} height={88} />} table={<HistogramTable of={hourly(of.hours)} />} aside={<><span className="wide"><HistogramLegend /></span><CopyAs at={address("/home")} json={of.hours} /></>} />
      <Panel title="Running now" aside={<><Link className="button quiet" to="/runs" search={{ q: OPEN }}>All open runs</Link><CopyAs at={address("/runs", { q: OPEN, page_size: MOST })} cli={`mainstem runs list --limit ${MOST} ${worded(OPEN)}`} json={latest} /></>}>
        {latest.length ? <OpenTable of={latest} /> : <div className="state"><p>No run is open.</p></div>}
      </Panel>
    </>
  );
}

function hourly(hours: Hour[]): Histogram {
  const last = hours.at(-1)?.at;
  return { from: hours[0]?.at ?? null, to: last ? new Date(Date.parse(last) + 3_600_000).toISOString() : null, step_seconds: 3600, buckets: hours.map((hour) => ({ ...hour, timeout: 0 })) };
}

function Figures({ of }: { of: Shape }): ReactNode {
  const sum = (kind: "completed" | "failed" | "cancelled" | "open"): number => of.hours.reduce((all, hour) => all + hour[kind], 0);
  const bad = sum("failed");
  const ended = sum("completed") + bad;
  const { pending, running, waiting, paused } = of.running_now;
  return (
    <dl className="panel figures" style={{ margin: 0 }}>
      <div><dt>Runs, 24 h</dt><dd><Link to="/runs" search={{ q: "created:>-24h" }}>{count(ended + sum("cancelled") + sum("open"))}</Link></dd></div>
      <div><dt>Success</dt><dd>{percent(ended ? sum("completed") / ended : null)}</dd></div>
      <div><dt>Failed</dt><dd style={bad ? { color: "var(--failed)" } : undefined}><Link to="/runs" search={{ q: "status:failed,timeout created:>-24h" }}>{count(bad)}</Link></dd></div>
      <div><dt>Running</dt><dd><Link to="/runs" search={{ q: "status:running" }}>{count(running)}</Link></dd></div>
      <div><dt>Waiting</dt><dd><Link to="/runs" search={{ q: "status:waiting,paused" }}>{count(waiting + paused)}</Link></dd></div>
      <div><dt>In queue</dt><dd><Link to="/runs" search={{ q: "status:pending" }}>{count(pending)}</Link></dd></div>
    </dl>
  );
}

function OpenTable({ of }: { of: OpenRun[] }): ReactNode {
  const navigate = useNavigate();
  return (
    <Table label="Running now" rows={of} keyOf={(run) => run.run_id} onOpen={(run) => void navigate({ to: "/runs/$runId", params: { runId: run.run_id }, search: {} })} columns={[
      { key: "status", head: "Status", width: "116px", cell: (run) => <Status of={run.status} /> },
      { key: "run", head: "Run", cell: (run) => <><Link to="/runs/$runId" params={{ runId: run.run_id }} search={{}} style={{ fontWeight: 500 }}>{run.workflow}</Link><span className="under"><span className="mono">{shortId(run.run_id)}</span>{run.external_id ? ` · ${run.external_id}` : ""}</span></> },
      { key: "channel", head: "Channel", wide: true, cell: (run) => <span className="tag">{run.channel}</span> },
      { key: "started", head: "Started", num: true, cell: (run) => <Ago at={run.started_at ?? run.created_at} /> },
    ]} />
  );
}

function Concern({ of }: { of: Attention }): ReactNode {
  return (
    <li>
      <Status of={of.severity} word={of.severity === "bad" ? "Error" : "Warning"} />
      <span className="grow">{of.workflow && <strong>{of.workflow}: </strong>}{of.what}<span className="under">{of.count > 1 && `${count(of.count)} times, last `}{of.at && <Ago at={of.at} />}{of.remedy && <> · <code>{of.remedy}</code></>}</span></span>
      {of.last_run_id && <Link className="link nowrap" to="/runs/$runId" params={{ runId: of.last_run_id }} search={{}}>Open<span className="unseen"> the last run: {of.what}</span></Link>}
    </li>
  );
}
