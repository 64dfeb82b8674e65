import type { ReactNode } from "react";
import { useAsk } from "~/api/asking";
import { address } from "~/api/client";
import { bytes, count } from "~/api/formats";
import { rowsOf, usePages } from "~/api/pages";
import type { Awaited, Finding, Partition, Queue, Queues, Worker, Workers as WorkerPage } from "~/api/types";
import { Ago } from "~/components/Ago";
import { Answer } from "~/components/Answer";
import { CopyAs } from "~/components/CopyAs";
import { PagedTable } from "~/components/PagedTable";
import { Status } from "~/components/Status";
import { Table, type Column } from "~/components/Table";
import { QueueLimits } from "./Queues";

const EVERY = 5000;
const MANY = 60;

/** No command prints workers. */
export function Workers(): ReactNode {
  const asked = usePages<WorkerPage>("/workers", {}, { every: EVERY });
  const rows = rowsOf(asked, (page) => page.workers);
  return (
    <>
      <div className="tools"><CopyAs at={address("/workers")} json={rows} /></div>
      <PagedTable of={asked} rows={rows} what="workers" label="workers" columns={WORKERS} keyOf={(row) => row.worker_id} empty={{ title: "No worker is running", children: <code>mainstem worker</code> }} />
    </>
  );
}

/** No command prints the queue. */
export function QueuePart(): ReactNode {
  const asked = useAsk<Queues>("/queue", {}, { every: EVERY });
  return (
    <>
      <div className="tools"><CopyAs at={address("/queue")} json={asked.data} /></div>
      <Answer of={asked} what="queues" isEmpty={(data) => data.queues.length === 0} empty={{ title: "The queue is empty" }}>
        {(data) => (
          <>
            <Table label="queues" rows={data.queues} columns={QUEUES} keyOf={(row) => row.queue} />
            {data.awaited.length > 0 && <Table label="signals that runs wait for" rows={data.awaited} columns={AWAITED} keyOf={(row) => row.signal} />}
          </>
        )}
      </Answer>
      <QueueLimits />
    </>
  );
}

/** `mainstem db partitions` does what is due, and is no list. */
export function Partitions(): ReactNode {
  const asked = useAsk<Partition[]>("/partitions", {}, { every: EVERY });
  return (
    <>
      <div className="tools"><CopyAs at={address("/partitions")} json={asked.data} /></div>
      <Answer of={asked} what="partitions" isEmpty={(data) => data.length === 0} empty={{ title: "There are no partitions yet", children: <code>mainstem db upgrade</code> }}>
        {(data) => <Table label="partitions" rows={data} columns={PARTITIONS} keyOf={(row) => row.name} tall={data.length > MANY} />}
      </Answer>
    </>
  );
}

/** No SQL: it looks at the server, too, and with its login. */
export function Doctor(): ReactNode {
  const asked = useAsk<Finding[]>("/doctor", {}, { every: EVERY });
  return (
    <>
      <div className="tools"><CopyAs at={address("/doctor")} sql={false} cli="mainstem db doctor" json={asked.data} /></div>
      <Answer of={asked} what="findings" isEmpty={(data) => data.length === 0} empty={{ title: "The doctor found nothing" }}>
        {(data) => <Table label="findings" rows={data} columns={DOCTOR} keyOf={(row) => row.finding + row.place} />}
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
  { key: "oldest", head: "Oldest ready", num: true, cell: (row) => <Ago at={row.oldest_ready_at} /> },
];

const AWAITED: Column<Awaited>[] = [
  { key: "signal", head: "Signal", cell: (row) => <code>{row.signal}</code> },
  { key: "runs", head: "Runs that wait for it", num: true, cell: (row) => count(row.runs) },
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
