import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { count, duration } from "~/api/formats";
import type { Migrations as Shape, MigrationState } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { CopyAs } from "~/components/CopyAs";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import { Table, type Column } from "~/components/Table";

const route = getRouteApi("/system");

/** Migrations of other databases. No SQL and no command: their states are files, and each verb of `mainstem migrate` is of one. */
export function Migrations(): ReactNode {
  const { name } = route.useSearch();
  const navigate = useNavigate({ from: "/system" });
  const asked = useAsk<Shape>("/migrations", {}, { every: 5000 });
  const found = asked.data?.migrations ?? [];
  const picked = found.find((one) => one.name === name) ?? found[0];
  const pick = (one: MigrationState): void => void navigate({ search: { tab: "migrations", name: one.name }, replace: true, resetScroll: false });
  return (
    <>
      <div className="tools"><CopyAs at={address("/migrations")} sql={false} json={found} /></div>
      <Answer of={asked} what="migrations" isEmpty={(data) => data.migrations.length === 0} empty={{ title: "No migration to show", children: <><p>{asked.data?.note}</p><code>mainstem up --migrations mainstem-migrations</code></> }}>
        {(data) => (
          <>
            <Table label="Migrations" rows={data.migrations} columns={columnsOf(picked, pick)} keyOf={(row) => row.name} onOpen={pick} tall={data.migrations.length > 12} />
            {picked && <Rehearsal of={picked} />}
          </>
        )}
      </Answer>
    </>
  );
}

const LOOKS: Record<string, string> = { new: "pending", "backed up": "pending", rehearsed: "waiting", applying: "running", applied: "completed", "rolled back": "cancelled" };

function columnsOf(picked: MigrationState | undefined, pick: (one: MigrationState) => void): Column<MigrationState>[] {
  return [
    { key: "phase", head: "Phase", width: "124px", cell: (row) => <Status of={LOOKS[row.phase] ?? "pending"} word={row.phase} /> },
    { key: "name", head: "Migration", cell: (row) => <><button className="bare link" aria-pressed={row === picked} onClick={() => pick(row)}>{row.name}</button><span className="under">{row.target}</span></> },
    { key: "backup", head: "Backup", cell: (row) => (row.has_backup ? <Status of="ok" word="proved" /> : <span className="muted">none</span>) },
    { key: "statements", head: "Statements", num: true, wide: true, cell: (row) => (row.rehearsal.length ? count(row.rehearsal.length) : <span className="muted">–</span>) },
    { key: "held", head: "Longest lock", num: true, cell: (row) => duration(longest(row)) },
    { key: "at", head: "Changed", num: true, wide: true, cell: (row) => <Ago at={row.updated_at} /> },
  ];
}

function longest(of: MigrationState): number | null {
  const held = Object.values(of.held);
  return held.length ? Math.max(...held) : null;
}

function Rehearsal({ of }: { of: MigrationState }): ReactNode {
  const held = Object.entries(of.held).sort(([, a], [, b]) => b - a).map(([table, ms]) => ({ table, ms }));
  return (
    <div className="inside two">
      <Panel title={`Rehearsal of ${of.name}`}>
        {of.rehearsal.length ? <Table label="Rehearsal" rows={of.rehearsal} keyOf={(row) => String(row.line)} tall={of.rehearsal.length > 20} columns={[
          { key: "line", head: "Line", num: true, width: "64px", cell: (row) => row.line },
          { key: "ms", head: "Took", num: true, width: "96px", cell: (row) => duration(row.milliseconds) },
          { key: "locks", head: "Nobody reads meanwhile", cell: (row) => (row.exclusive.length ? <span className="row wrap">{row.exclusive.map((table) => <span key={table} className="tag">{table}</span>)}</span> : <span className="muted">–</span>) },
        ]} /> : <div className="state"><p>It was not rehearsed yet.</p><code>mainstem migrate rehearse</code></div>}
      </Panel>
      <Panel title="Locked until the commit">
        {held.length ? <Table label="Locked until the commit" rows={held} keyOf={(row) => row.table} columns={[
          { key: "table", head: "Table", cell: (row) => <code>{row.table}</code> },
          { key: "ms", head: "For", num: true, cell: (row) => duration(row.ms) },
        ]} /> : <div className="state"><p>No table was locked against readers.</p></div>}
      </Panel>
    </div>
  );
}
