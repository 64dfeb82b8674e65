import type { ReactNode } from "react";
import type { GraphEdge } from "~/api/types";
import { Status } from "~/components/Status";
import { Table } from "~/components/Table";

/** The ways of a drawn graph as a table: taken or not, and why. */
export function Ways({ of }: { of: GraphEdge[] }): ReactNode {
  const told = of.filter((edge) => edge.why !== undefined && edge.why !== null);
  if (!told.length) return null;
  return (
    <Table label="Ways" rows={told} keyOf={(edge) => `${edge.from} ${edge.to} ${edge.label}`} columns={[
      { key: "from", head: "From", cell: (edge) => edge.from },
      { key: "to", head: "To", cell: (edge) => <>{edge.to}{edge.label && <span className="under">{edge.label}</span>}</> },
      { key: "taken", head: "Taken", cell: (edge) => <Status of={edge.taken ? "completed" : "skipped"} word={edge.taken ? "taken" : "not taken"} /> },
      { key: "why", head: "Why", cell: (edge) => <>{edge.why}{edge.condition && <span className="under mono">{edge.condition}{edge.value !== undefined && edge.value !== null ? ` gave ${JSON.stringify(edge.value)}` : ""}</span>}</> },
    ]} />
  );
}
