import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { address } from "~/api/client";
import { rowsOf, usePages } from "~/api/pages";
import type { Activation, Config, Configs as ConfigPage, Trail as Activations, Workflow } from "~/api/types";
import { Ago } from "~/components/Ago";
import { CopyAs } from "~/components/CopyAs";
import { JsonView } from "~/components/JsonView";
import { PagedTable } from "~/components/PagedTable";
import { Panel } from "~/components/Panel";
import { Status } from "~/components/Status";
import type { Column } from "~/components/Table";

const route = getRouteApi("/workflows/$workflowId");

/** What applies to the runs of a workflow, and what did; the one that is picked with its data and its trail. */
export function Configs({ of }: { of: Workflow }): ReactNode {
  const { config } = route.useSearch();
  const navigate = useNavigate({ from: "/workflows/$workflowId" });
  const path = `/workflows/${of.workflow_id}/configs`;
  const asked = usePages<ConfigPage>(path);
  const rows = rowsOf(asked, (page) => page.configs);
  const picked = rows.find((row) => row.config_id === config) ?? rows[0];
  const pick = (row: Config): void => void navigate({ search: (before) => ({ ...before, config: row.config_id }), replace: true, resetScroll: false });
  return (
    <>
      {rows.length > 0 && <div className="tools"><CopyAs at={address(path)} cli={`mainstem configs list --workflow ${of.workflow_id}`} json={rows} /></div>}
      <PagedTable of={asked} rows={rows} what="configs" label="Configs" columns={columnsOf(picked, pick)} keyOf={(row) => row.config_id} onOpen={pick} empty={{ title: "No configuration", children: <p>One is made with <code>mainstem configs set</code>.</p> }} />
      {picked && <One of={picked} />}
    </>
  );
}

function columnsOf(picked: Config | undefined, pick: (row: Config) => void): Column<Config>[] {
  return [
    { key: "name", head: "Config", cell: (row) => <button className="bare link" aria-pressed={row === picked} onClick={() => pick(row)}>{row.name}, version {row.version}</button> },
    { key: "channel", head: "Channel", cell: (row) => <span className="tag">{row.channel ?? "every channel"}</span> },
    { key: "state", head: "State", cell: (row) => <Status of={row.is_active ? "active" : "pending"} word={row.is_active ? (row.is_enabled ? "active" : "active, not enabled") : "not active"} /> },
    { key: "activated", head: "Activated", num: true, wide: true, cell: (row) => <Ago at={row.activated_at} /> },
    { key: "changed", head: "Changed", num: true, cell: (row) => <Ago at={row.updated_at} /> },
  ];
}

function One({ of }: { of: Config }): ReactNode {
  const path = `/configs/${of.config_id}/activations`;
  const trail = usePages<Activations>(path);
  const rows = rowsOf(trail, (page) => page.activations);
  return (
    <div className="inside two">
      <Panel title={`${of.name}, version ${of.version}`} inside><JsonView of={of.config_data} /></Panel>
      <Panel title="Activations in its scope" aside={<CopyAs at={address(path)} cli={`mainstem configs show ${of.config_id}`} json={rows} />}>
        <PagedTable of={trail} rows={rows} what="activations" label="Activations" keyOf={(row) => row.activation_id} empty={{ title: "Nothing was activated here yet" }} columns={TRAIL} />
      </Panel>
    </div>
  );
}

const TRAIL: Column<Activation>[] = [
  { key: "version", head: "Version", num: true, width: "80px", cell: (row) => row.version },
  { key: "name", head: "Name", cell: (row) => row.name },
  { key: "at", head: "Activated", cell: (row) => <Ago at={row.activated_at} /> },
  { key: "by", head: "By", wide: true, cell: (row) => row.activated_by ?? <span className="muted">nobody known</span> },
];
