import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address, tell } from "~/api/client";
import { moment } from "~/api/formats";
import { rowsOf, usePages } from "~/api/pages";
import type { Firing, Firings, Schedule, Started, Times } from "~/api/types";
import { unique } from "~/api/unique";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { Ask } from "~/components/Ask";
import { CopyAs, worded } from "~/components/CopyAs";
import { JsonView } from "~/components/JsonView";
import { PagedTable } from "~/components/PagedTable";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import type { Column } from "~/components/Table";
import { Backfill } from "./Backfill";
import { MISSED, OVERLAP, spanned } from "./recurrence";
import { ScheduleForm } from "./ScheduleForm";

type Action = "pause" | "resume" | "delete" | "start" | "change" | "backfill";
const NEXT = 5;

/** A schedule's next times, what became of the last ones, and what can be done with it. */
export function One({ of }: { of: Schedule }): ReactNode {
  const [asked, setAsked] = useState<Action | null>(null);
  const close = (): void => setAsked(null);
  return (
    <div className="stack">
      <Panel title={of.name} aside={<CopyAs at={address(`/schedules/${of.schedule_id}`)} json={of} />}>
        <div className="tools start">
          <button onClick={() => setAsked("start")}>Start now…</button>
          <button onClick={() => setAsked(of.is_paused ? "resume" : "pause")}>{of.is_paused ? "Resume…" : "Pause…"}</button>
          <button onClick={() => setAsked("change")}>Change…</button>
          <button onClick={() => setAsked("backfill")}>Make up for…</button>
          <button className="danger" onClick={() => setAsked("delete")}>Delete…</button>
        </div>
        <div className="inside stack tight">
          <Policy of={of} />
          <Coming of={of} />
        </div>
      </Panel>
      <Past of={of} />
      {asked && <Dialogs of={of} asked={asked} close={close} />}
    </div>
  );
}

function Policy({ of }: { of: Schedule }): ReactNode {
  return (
    <dl className="facts">
      <dt>Missed times</dt><dd>{MISSED[of.missed]}{of.missed === "all" && ` of ${spanned(of.window)}`}</dd>
      <dt>Overlap</dt><dd>{OVERLAP[of.overlap]}</dd>
      <dt>Runs</dt><dd><Link className="link" to="/runs" search={{ q: `tag:"schedule:${of.name}"` }}>those it began</Link></dd>
      <dt>Input</dt><dd>{Object.keys(of.input ?? {}).length ? <JsonView of={of.input} /> : <span className="muted">none</span>}</dd>
    </dl>
  );
}

function Coming({ of }: { of: Schedule }): ReactNode {
  const next = useAsk<Times>(`/schedules/${of.schedule_id}/next`, { count: NEXT });
  return (
    <>
      <h3>Next times{of.is_paused ? ", were it not paused" : ""}</h3>
      <Answer of={next} what="next times" isEmpty={(data) => data.times.length === 0} empty={{ title: "It comes round never again" }}>
        {(data) => <ul className="times">{data.times.map((time) => <li key={time}>{moment(time)} <span className="muted"><Ago at={time} /></span></li>)}</ul>}
      </Answer>
    </>
  );
}

function Past({ of }: { of: Schedule }): ReactNode {
  const path = `/schedules/${of.schedule_id}/firings`;
  const asked = usePages<Firings>(path);
  const rows = rowsOf(asked, (page) => page.firings);
  return (
    <Panel title="What became of its times" aside={<CopyAs at={address(path)} cli={`mainstem schedules firings ${worded(of.name)}`} json={rows} />}>
      <PagedTable of={asked} rows={rows} what="firings" label="Firings" keyOf={(row) => row.scheduled_for} columns={PAST} empty={{ title: "It has not come round yet" }} />
    </Panel>
  );
}

const AS = { started: "completed", queued: "pending", skipped: "skipped" } as const;
const PAST: Column<Firing>[] = [
  { key: "for", head: "For", cell: (row) => <span className="nowrap">{moment(row.scheduled_for)}</span> },
  { key: "outcome", head: "What", cell: (row) => <>{row.run_id ? <Link to="/runs/$runId" params={{ runId: row.run_id }} search={{}}><Status of={AS[row.outcome]} word={row.outcome} /></Link> : <Status of={AS[row.outcome]} word={row.outcome} />}{(row.reason ?? row.ticks > 1) && <span className="under">{row.reason}{row.ticks > 1 && ` (${row.ticks} times)`}</span>}</> },
];

function Dialogs({ of, asked, close }: { of: Schedule; asked: Action; close: () => void }): ReactNode {
  const navigate = useNavigate();
  const path = `/schedules/${of.schedule_id}`;
  const [key] = useState(() => unique());
  const start = (): Promise<Started> => tell("/runs", { workflow_id: of.workflow_id, version: of.version, channel: of.channel, queue: of.queue, priority: of.priority, tags: [`schedule:${of.name}`], input: { ...(of.input as object), ...(of.time_argument ? { [of.time_argument]: new Date().toISOString() } : {}) } }, { "idempotency-key": key });
  switch (asked) {
    case "change": return <ScheduleForm of={of} close={close} done={() => undefined} />;
    case "backfill": return <Backfill of={of} close={close} />;
    case "pause": return <Ask title={`Pause ${of.name}?`} verb="Pause" close={close} says={<p>It fires nothing until it is resumed. What comes round meanwhile is not made up for by itself.</p>} send={() => tell(`${path}/pause`, null)} />;
    case "resume": return <Ask title={`Resume ${of.name}?`} verb="Resume" close={close} says={<p>It fires from its next time on.</p>} send={() => tell(`${path}/resume`, null)} />;
    case "delete": return <Ask title={`Delete ${of.name}?`} verb="Delete the schedule" danger close={close} says={<p>What became of its times goes with it; the runs that it began stay. One that stands beside the code comes back when its worker starts.</p>} send={() => tell(path, null, {}, "DELETE")} />;
    case "start": return <Ask title={`Start ${of.workflow} now?`} verb="Start it" close={close} says={<p>One run begins with the schedule's input and tag, beside its times: no time is used up, and its overlap policy is not looked at.</p>} send={start} done={({ run_id }) => void navigate({ to: "/runs/$runId", params: { runId: run_id }, search: {} })} />;
  }
}
