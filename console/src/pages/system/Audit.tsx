import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { address } from "~/api/client";
import { rowsOf, usePages } from "~/api/pages";
import type { ChangeShown, ChangesShown } from "~/api/types";
import { Ago } from "~/components/Ago";
import { CopyAs } from "~/components/CopyAs";
import { JsonView } from "~/components/JsonView";
import { PagedTable } from "~/components/PagedTable";
import type { Column } from "~/components/Table";

const route = getRouteApi("/system");

/** Who changed what. No command prints the trail. */
export function Audit(): ReactNode {
  const { action, target } = route.useSearch();
  const navigate = useNavigate({ from: "/system" });
  const params: Filtering = { action, target };
  const asked = usePages<ChangesShown>("/audit", params);
  const rows = rowsOf(asked, (page) => page.changes);
  const filter = (change: Filtering): void => void navigate({ search: { tab: "audit", ...params, ...change } });
  const narrowed = Boolean(action ?? target);
  return (
    <>
      <div className="tools">
        <Filter key={`${action} ${target}`} action={action} target={target} known={[...new Set(rows.map((row) => row.action))].sort()} onAsk={filter} />
        {narrowed && <button className="quiet" onClick={() => filter({ action: undefined, target: undefined })}>Clear</button>}
        <CopyAs at={address("/audit", params)} json={rows} />
      </div>
      <PagedTable of={asked} rows={rows} what="changes" label="Audit trail" columns={columnsOf(filter)} keyOf={(row) => row.audit_id} empty={{ title: "Nothing was changed yet", children: <p>Changes by the server and by the command line are written down here.</p> }} filtered={narrowed ? { title: "No change is like this", children: <button onClick={() => filter({ action: undefined, target: undefined })}>Show all changes</button> } : null} />
    </>
  );
}

type Filtering = { action?: string | undefined; target?: string | undefined };

function Filter({ action, target, known, onAsk }: Filtering & { known: string[]; onAsk: (change: Filtering) => void }): ReactNode {
  const submit = (event: React.FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const said = (name: string): string | undefined => String(form.get(name)).trim() || undefined;
    onAsk({ action: said("action"), target: said("target") });
  };
  return (
    <form role="search" aria-label="Filter the trail" onSubmit={submit}>
      <input name="action" aria-label="Action" placeholder="action: keys.create" defaultValue={action} list="audit-actions" spellCheck={false} />
      <datalist id="audit-actions">{known.map((one) => <option key={one} value={one} />)}</datalist>
      <input name="target" aria-label="Target" placeholder="target: an id" defaultValue={target} spellCheck={false} />
      <button type="submit">Filter</button>
    </form>
  );
}

function columnsOf(filter: (change: Filtering) => void): Column<ChangeShown>[] {
  return [
    { key: "at", head: "When", width: "96px", cell: (row) => <Ago at={row.at} /> },
    { key: "actor", head: "Who", cell: (row) => <span className="mono">{row.actor}</span> },
    { key: "action", head: "What", cell: (row) => <button className="bare link" onClick={() => filter({ action: row.action })}>{row.action}</button> },
    { key: "target", head: "On", wide: true, cell: (row) => <button className="bare link mono" onClick={() => filter({ target: row.target })}>{row.target}</button> },
    { key: "details", head: "Details", wide: true, cell: (row) => (Object.keys(row.details).length ? <JsonView of={row.details} depth={2} /> : <span className="muted">–</span>) },
    { key: "request", head: "Request", wide: true, cell: (row) => (row.request_id ? <span className="mono muted" title={row.request_id}>{row.request_id.slice(0, 8)}</span> : <span className="muted">–</span>) },
  ];
}
