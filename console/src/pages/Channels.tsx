import type { ReactNode } from "react";
import { Link } from "@tanstack/react-router";
import { count, duration } from "~/api/formats";
import type { Channel } from "~/api/types";
import { Table } from "~/components/Table";
import { quoted } from "~/filter/clauses";
import { Rate } from "~/components/Rate";

export function ChannelTable({ of }: { of: Channel[] }): ReactNode {
  return (
    <Table label="Channels" rows={of} keyOf={(row) => row.channel} columns={[
      { key: "channel", head: "Channel", cell: (row) => <Link to="/runs" search={{ q: `channel:${quoted(row.channel)}` }}>{row.channel}</Link> },
      { key: "runs", head: "Runs", num: true, cell: (row) => count(row.runs) },
      { key: "success", head: "Success", num: true, cell: (row) => <Rate of={row.success_rate} /> },
      { key: "failed", head: "Failed", num: true, cell: (row) => count(row.failed) },
      { key: "running", head: "Open", num: true, wide: true, cell: (row) => count(row.running) },
      { key: "p95", head: "p95", num: true, cell: (row) => duration(row.p95_ms) },
    ]} />
  );
}
