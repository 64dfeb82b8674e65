import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address, tell } from "~/api/client";
import { rowsOf, usePages } from "~/api/pages";
import type { Draft, Versions as VersionPage, Workflow, WorkflowVersion } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Ask } from "~/components/Ask";
import { CopyAs, worded } from "~/components/CopyAs";
import { PagedTable } from "~/components/PagedTable";
import { Status } from "~/components/Status";
import type { Column } from "~/components/Table";
import { VersionDiff } from "./VersionDiff";

const route = getRouteApi("/workflows/$workflowId");

/** What was published, what new runs begin with, and what differs between two. */
export function Versions({ of }: { of: Workflow }): ReactNode {
  const path = `/workflows/${of.workflow_id}`;
  const { version } = route.useSearch();
  const navigate = useNavigate({ from: "/workflows/$workflowId" });
  const [asked, setAsked] = useState<WorkflowVersion | "back" | null>(null);
  const draft = useAsk<Draft>(`${path}/draft`);
  const pages = usePages<VersionPage>(`${path}/versions`);
  const rows = rowsOf(pages, (page) => page.versions);
  const active = draft.data?.active_version ?? null;
  const picked = rows.find((row) => row.version === version);
  const pick = (row: WorkflowVersion): void => void navigate({ search: (before) => ({ ...before, version: row.version }), replace: true, resetScroll: false });
  const close = (): void => setAsked(null);
  return (
    <>
      {rows.length > 0 && <div className="tools">{active !== null && rows.length > 1 && <button className="lead" onClick={() => setAsked("back")}>Roll back…</button>}<CopyAs at={address(`${path}/versions`)} cli={`mainstem workflows versions ${worded(of.name)}`} json={rows} /></div>}
      <PagedTable of={pages} rows={rows} what="versions" label="Versions" keyOf={(row) => String(row.version)} onOpen={pick} columns={columnsOf({ active, picked, pick, activate: setAsked })} empty={{ title: "No version was published", children: <p>What is drawn under Draft is published there, and never changes after.</p> }} />
      {picked && active !== null && picked.version !== active && <div className="inside"><VersionDiff workflowId={of.workflow_id} from={picked.version} to={active} /></div>}
      {picked && picked.version === active && <div className="inside"><VersionDiff workflowId={of.workflow_id} from={picked.version} to={null} /></div>}
      {asked === "back" && <Ask title="Roll back?" verb="Roll back" close={close} says={<p>New runs begin with the version that version {active} replaced. Runs that have begun keep theirs.</p>} send={() => tell(`${path}/rollback`, null)} />}
      {asked !== null && asked !== "back" && <Ask title={`Activate version ${asked.version}?`} verb="Activate" close={close} says={<p>New runs begin with it{active === null ? "" : `, and no more with version ${active}`}. Runs that have begun keep theirs.</p>} send={() => tell(`${path}/versions/${asked.version}/activate`, null)} />}
    </>
  );
}

interface Doing { active: number | null; picked: WorkflowVersion | undefined; pick: (row: WorkflowVersion) => void; activate: (row: WorkflowVersion) => void }

function columnsOf({ active, picked, pick, activate }: Doing): Column<WorkflowVersion>[] {
  return [
    { key: "v", head: "Version", cell: (row) => <button className="bare link" aria-pressed={row === picked} onClick={() => pick(row)}>version {row.version}<span className="unseen">{row.version === active ? ", to the draft" : ", to the active one"}</span></button> },
    { key: "state", head: "State", cell: (row) => (row.version === active ? <Status of="active" word="new runs begin with it" /> : <span className="muted">published</span>) },
    { key: "at", head: "Published", cell: (row) => <Ago at={row.published_at} /> },
    { key: "by", head: "By", wide: true, cell: (row) => row.published_by ?? <span className="muted">nobody known</span> },
    { key: "do", head: "Do", num: true, cell: (row) => (row.version === active || active === null ? <span className="muted">–</span> : <button className="quiet" onClick={() => activate(row)}>Activate…<span className="unseen"> version {row.version}</span></button>) },
  ];
}
