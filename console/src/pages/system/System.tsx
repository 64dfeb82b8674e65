import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { bytes, count } from "~/api/formats";
import type { Finding, Partition, Queue, Worker } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { CopyAs, curlOf } from "~/components/CopyAs";
import { Page } from "~/components/Page";
import { Status } from "~/components/Status";
import { Table, type Column } from "~/components/Table";
import { Tabs } from "~/components/Tabs";

const route = getRouteApi("/system");

export function System(): ReactNode {
  const { tab } = route.useSearch();
  const navigate = useNavigate({ from: "/system" });
  return (
    <Page title="System">
      <section className="panel" aria-label="Parts of the system">
        <Tabs label="Parts of the system" at={tab} onPick={(key) => void navigate({ search: { tab: key }, replace: true })} tabs={[
          { key: "workers", name: "Workers", body: () => <Part<Worker> path="/workers" of="workers" columns={WORKERS} keyOf={(row) => row.worker_id} empty="No worker is running" remedy="mainstem worker" sql="select * from mainstem.user_workflow_worker;" /> },
          { key: "queue", name: "Queue", body: () => <Part<Queue> path="/queue" of="queues" columns={QUEUES} keyOf={(row) => row.queue} empty="The queue is empty" sql="select queue, state, count(*) from mainstem.user_workflow_run_queue group by 1, 2;" /> },
          { key: "partitions", name: "Partitions", body: () => <Part<Partition> path="/partitions" of="partitions" columns={PARTITIONS} keyOf={(row) => row.name} empty="There are no partitions yet" remedy="mainstem db upgrade" sql="select inhrelid::regclass from pg_inherits where inhparent = 'mainstem.user_workflow_run'::regclass;" /> },
          { key: "doctor", name: "Doctor", body: () => <Part<Finding> path="/doctor" of="findings" columns={DOCTOR} keyOf={(row) => row.finding + row.place} empty="The doctor found nothing" cli="mainstem db doctor" /> },
        ]} />
      </section>
    </Page>
  );
}

interface PartProps<T> { path: string; of: string; columns: Column<T>[]; keyOf: (row: T) => string; empty: string; remedy?: string; sql?: string; cli?: string }

function Part<T>({ path, of, columns, keyOf, empty, remedy, sql, cli }: PartProps<T>): ReactNode {
  const asked = useAsk<T[] | Record<string, T[]>>(path, {}, { every: 5000 });
  const rows = Array.isArray(asked.data) ? asked.data : (asked.data?.[of] ?? []);
  return (
    <>
      <div className="row" style={{ justifyContent: "flex-end", padding: "4px 8px" }}><CopyAs curl={curlOf(address(path))} json={rows} {...(sql ? { sql } : {})} {...(cli ? { cli } : {})} /></div>
      <Answer of={asked} what={of} isEmpty={() => rows.length === 0} empty={{ title: empty, children: remedy && <code>{remedy}</code> }}>
        {() => <Table label={of} rows={rows} columns={columns} keyOf={keyOf} />}
      </Answer>
    </>
  );
}

const WORKERS: Column<Worker>[] = [
  { key: "alive", head: "State", width: "100px", cell: (row) => <Status of={row.alive ? "alive" : "gone"} /> },
  { key: "worker", head: "Worker", cell: (row) => <><span className="mono">{row.worker_id}</span><span className="under">{row.host}, pid {row.pid}</span></> },
  { key: "can", head: "Capabilities", wide: true, cell: (row) => <span className="row wrap">{Object.values(row.capabilities).flat().filter((one) => typeof one === "string").map((one) => <span key={one} className="tag">{one}</span>)}</span> },
  { key: "owned", head: "Runs", num: true, cell: (row) => count(row.owned_runs) },
  { key: "heard", head: "Last heard", num: true, cell: (row) => <Ago at={row.heartbeat_at} /> },
  { key: "since", head: "Started", num: true, wide: true, cell: (row) => <Ago at={row.started_at} /> },
];

const QUEUES: Column<Queue>[] = [
  { key: "queue", head: "Queue", cell: (row) => row.queue },
  { key: "ready", head: "Ready", num: true, cell: (row) => count(row.ready) },
  { key: "owned", head: "Owned", num: true, cell: (row) => count(row.owned) },
  { key: "waiting", head: "Waiting", num: true, cell: (row) => count(row.waiting) },
  { key: "paused", head: "Paused", num: true, wide: true, cell: (row) => count(row.paused) },
  { key: "oldest", head: "Oldest ready", num: true, cell: (row) => (<Ago at={row.oldest_ready_at} />) },
];

const PARTITIONS: Column<Partition>[] = [
  { key: "name", head: "Partition", cell: (row) => <code>{row.name}</code> },
  { key: "from", head: "From", wide: true, cell: (row) => row.lower.slice(0, 10) },
  { key: "to", head: "Until", wide: true, cell: (row) => row.upper.slice(0, 10) },
  { key: "rows", head: "Rows, about", num: true, cell: (row) => count(row.rows_estimate) },
  { key: "bytes", head: "Size", num: true, cell: (row) => bytes(row.bytes) },
  { key: "sealed", head: "State", cell: (row) => (row.sealed ? <Status of="sealed" /> : <Status of="pending" word="open" />) },
];

const DOCTOR: Column<Finding>[] = [
  { key: "severity", head: "Severity", width: "110px", cell: (row) => <Status of={row.severity} /> },
  { key: "finding", head: "Finding", cell: (row) => <>{row.finding}{row.place && <span className="under">{row.place}</span>}</> },
  { key: "remedy", head: "Remedy", cell: (row) => (row.remedy ? <code>{row.remedy}</code> : <span className="muted">–</span>) },
];
