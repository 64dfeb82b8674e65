import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { address } from "~/api/client";
import { shortId } from "~/api/formats";
import { rowsOf, usePages } from "~/api/pages";
import type { ApprovalShown, ApprovalsShown } from "~/api/types";
import { Ago } from "~/components/Ago";
import { CopyAs, worded } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { PagedTable } from "~/components/PagedTable";
import { Panel } from "~/components/Panel";
import type { Column } from "~/components/Table";
import { ApprovalForm } from "./ApprovalForm";

const route = getRouteApi("/approvals");

/** What runs wait to be told by a person. */
export function Approvals(): ReactNode {
  const { step, assignee } = route.useSearch();
  const navigate = useNavigate({ from: "/approvals" });
  const asked = usePages<ApprovalsShown>("/approvals", { assignee });
  const rows = rowsOf(asked, (page) => page.approvals);
  const picked = rows.find((row) => row.step_id === step) ?? rows[0];
  const pick = (row: ApprovalShown): void => void navigate({ search: (before) => ({ ...before, step: row.step_id }), replace: true, resetScroll: false });
  const only = (name: string | undefined): void => void navigate({ search: { assignee: name } });
  return (
    <Page title="Approvals" beside={assignee && <><span className="tag">for {assignee}</span><button className="quiet" onClick={() => only(undefined)}>Everybody's</button></>}>
      <div className={picked ? "with-inspector" : "stack"}>
        <Panel title="Open approvals" aside={<>{!assignee && <Only onAsk={only} />}<CopyAs at={address("/approvals", { assignee })} cli={`mainstem approvals list${assignee ? ` --assignee ${worded(assignee)}` : ""}`} json={rows} /></>}>
          <PagedTable of={asked} rows={rows} what="approvals" label="Approvals" columns={columnsOf(picked, pick)} keyOf={(row) => row.step_id} onOpen={pick} empty={{ title: "Nothing waits for a person", children: <p>A workflow asks with <code>await approval("supervisor")</code>, and its run waits here.</p> }} filtered={assignee ? { title: `Nothing waits for ${assignee}`, children: <button onClick={() => only(undefined)}>Show everybody's</button> } : null} />
        </Panel>
        {picked && <One key={picked.step_id} of={picked} />}
      </div>
    </Page>
  );
}

function Only({ onAsk }: { onAsk: (name: string | undefined) => void }): ReactNode {
  const submit = (event: React.FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onAsk(String(new FormData(event.currentTarget).get("assignee")).trim() || undefined);
  };
  return <form className="row" role="search" aria-label="Filter approvals" onSubmit={submit}><input name="assignee" aria-label="Assignee" placeholder="for whom" size={12} spellCheck={false} /><button type="submit">Filter</button></form>;
}

function columnsOf(picked: ApprovalShown | undefined, pick: (row: ApprovalShown) => void): Column<ApprovalShown>[] {
  return [
    { key: "name", head: "Approval", cell: (row) => <button className="bare link" aria-pressed={row === picked} onClick={() => pick(row)}>{row.name}</button> },
    { key: "run", head: "Run", cell: (row) => <><Link to="/runs/$runId" params={{ runId: row.run_id }} search={{}}>{row.workflow}</Link><span className="under"><span className="mono">{shortId(row.run_id)}</span>{row.external_id ? ` · ${row.external_id}` : ""}</span></> },
    { key: "who", head: "For", wide: true, cell: (row) => row.assignee ?? <span className="muted">anybody</span> },
    { key: "asked", head: "Asked", num: true, wide: true, cell: (row) => <Ago at={row.asked_at} /> },
    { key: "due", head: "Deadline", num: true, cell: (row) => (row.due_at ? <Ago at={row.due_at} /> : <span className="muted">none</span>) },
  ];
}

function One({ of }: { of: ApprovalShown }): ReactNode {
  return (
    <Panel title={of.name} aside={<Link className="button quiet" to="/runs/$runId" params={{ runId: of.run_id }} search={{}}>Its run</Link>}>
      <ApprovalForm of={of} />
    </Panel>
  );
}
