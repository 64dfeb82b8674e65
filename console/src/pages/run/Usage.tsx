import type { ReactNode } from "react";
import { count } from "~/api/formats";
import { Table } from "~/components/Table";
import { money, type Spent } from "./usage";

export function Usage({ of }: { of: Spent[] }): ReactNode {
  return (
    <Table label="Usage by model" rows={of} keyOf={(row) => row.model} columns={[
      { key: "model", head: "Model", cell: (row) => row.model || <span className="muted">unnamed</span> },
      { key: "calls", head: "Calls", num: true, cell: (row) => count(row.calls) },
      { key: "in", head: "Tokens in", num: true, cell: (row) => count(row.tokens_in) },
      { key: "out", head: "out", num: true, cell: (row) => count(row.tokens_out) },
      { key: "cost", head: "Cost", num: true, cell: (row) => money(row.cost) },
    ]} />
  );
}
