import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { address } from "~/api/client";
import { rowsOf, usePages } from "~/api/pages";
import type { Schedule, Schedules as Shape } from "~/api/types";
import { Ago } from "~/components/Ago";
import { CopyAs } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { PagedTable } from "~/components/PagedTable";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import type { Column } from "~/components/Table";
import { One } from "./One";
import { roundOf } from "./recurrence";
import { ScheduleForm } from "./ScheduleForm";

const route = getRouteApi("/schedules");

/** What is started by itself, and when. */
export function Schedules(): ReactNode {
  const { schedule, workflow } = route.useSearch();
  const navigate = useNavigate({ from: "/schedules" });
  const [making, setMaking] = useState(false);
  const asked = usePages<Shape>("/schedules", { workflow }, { every: 30_000 });
  const rows = rowsOf(asked, (page) => page.schedules);
  const picked = rows.find((row) => row.schedule_id === schedule) ?? rows[0];
  const pick = (row: Schedule): void => void navigate({ search: (before) => ({ ...before, schedule: row.schedule_id }), replace: true, resetScroll: false });
  const all = (): void => void navigate({ search: {} });
  return (
    <Page title="Schedules" beside={<>{workflow && <><span className="tag">of {workflow}</span><button className="quiet" onClick={all}>Every workflow's</button></>}<span className="grow" /><button className="primary" onClick={() => setMaking(true)}>New schedule…</button></>}>
      <div className={picked ? "with-inspector" : "stack"}>
        <Panel title="Schedules" aside={<CopyAs at={address("/schedules", { workflow })} {...(workflow ? {} : { cli: "mainstem schedules list" })} json={rows} />}>
          <PagedTable of={asked} rows={rows} what="schedules" label="Schedules" columns={columnsOf(picked, pick)} keyOf={(row) => row.schedule_id} onOpen={pick} empty={{ title: "Nothing starts by itself yet", children: <p>Make a schedule here, or beside the code: <code>@schedule("0 6 * * mon-fri")</code>.</p> }} filtered={workflow ? { title: `${workflow} has no schedule`, children: <button onClick={all}>Show every workflow's</button> } : null} />
        </Panel>
        {picked && <One key={picked.schedule_id} of={picked} />}
      </div>
      {making && <ScheduleForm close={() => setMaking(false)} done={pick} />}
    </Page>
  );
}

function columnsOf(picked: Schedule | undefined, pick: (row: Schedule) => void): Column<Schedule>[] {
  return [
    { key: "state", head: "State", width: "100px", cell: (row) => (row.is_paused ? <Status of="paused" /> : row.next_at ? <Status of="active" /> : <Status of="archived" word="over" />) },
    { key: "name", head: "Schedule", cell: (row) => <button className="bare link" aria-pressed={row === picked} onClick={() => pick(row)}>{row.name}</button> },
    { key: "workflow", head: "Workflow", wide: true, cell: (row) => <Link to="/workflows/$workflowId" params={{ workflowId: row.workflow_id }} search={{}}>{row.workflow}</Link> },
    { key: "round", head: "Comes round", cell: (row) => <><span className="mono">{roundOf(row)}</span><span className="under">{row.zone}</span></> },
    { key: "next", head: "Next", num: true, cell: (row) => (row.is_paused ? <span className="muted">–</span> : <Ago at={row.next_at} />) },
    { key: "last", head: "Last", num: true, wide: true, cell: (row) => (row.last_run_id ? <Link className="link" to="/runs/$runId" params={{ runId: row.last_run_id }} search={{}}><Ago at={row.last_at} /></Link> : <Ago at={row.last_at} />) },
  ];
}
