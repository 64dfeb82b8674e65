import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Page } from "~/components/Page";
import { Tabs } from "~/components/Tabs";
import { Breakpoints } from "~/pages/breakpoints/Breakpoints";
import { Audit } from "./Audit";
import { Keys } from "./Keys";
import { Migrations } from "./Migrations";
import { Doctor, Partitions, QueuePart, Workers } from "./parts";

const route = getRouteApi("/system");

export function System(): ReactNode {
  const { tab } = route.useSearch();
  const navigate = useNavigate({ from: "/system" });
  return (
    <Page title="System">
      <section className="panel" aria-label="Parts of the system">
        <Tabs label="Parts of the system" at={tab} onPick={(key) => void navigate({ search: { tab: key }, replace: true })} tabs={[
          { key: "workers", name: "Workers", body: () => <Workers /> },
          { key: "queue", name: "Queue", body: () => <QueuePart /> },
          { key: "breakpoints", name: "Breakpoints", body: () => <Breakpoints /> },
          { key: "partitions", name: "Partitions", body: () => <Partitions /> },
          { key: "doctor", name: "Doctor", body: () => <Doctor /> },
          { key: "keys", name: "API keys", body: () => <Keys /> },
          { key: "audit", name: "Audit", body: () => <Audit /> },
          { key: "migrations", name: "Migrations", body: () => <Migrations /> },
        ]} />
      </section>
    </Page>
  );
}
