import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { BASE } from "~/api/place";
import { Page } from "~/components/Page";
import { Frame } from "./Frame";
import { analyticsSearch, approvalsSearch, compareSearch, consolidationsSearch, runSearch, runsSearch, schedulesSearch, systemSearch, workflowSearch } from "./search";

const root = createRootRoute({ component: Frame, notFoundComponent: Missing });

function Missing(): React.ReactNode {
  return <Page title="Nothing here"><p>No page of the console has this address.</p></Page>;
}

const home = createRoute({ getParentRoute: () => root, path: "/", component: lazyRouteComponent(() => import("~/pages/Home"), "Home") });
const runs = createRoute({ getParentRoute: () => root, path: "/runs", validateSearch: runsSearch, component: lazyRouteComponent(() => import("~/pages/runs/Runs"), "Runs") });
const run = createRoute({ getParentRoute: () => root, path: "/runs/$runId", validateSearch: runSearch, component: lazyRouteComponent(() => import("~/pages/run/RunPage"), "RunPage") });
const approvals = createRoute({ getParentRoute: () => root, path: "/approvals", validateSearch: approvalsSearch, component: lazyRouteComponent(() => import("~/pages/approvals/Approvals"), "Approvals") });
const schedules = createRoute({ getParentRoute: () => root, path: "/schedules", validateSearch: schedulesSearch, component: lazyRouteComponent(() => import("~/pages/schedules/Schedules"), "Schedules") });
const compare = createRoute({ getParentRoute: () => root, path: "/compare", validateSearch: compareSearch, component: lazyRouteComponent(() => import("~/pages/compare/ComparePage"), "ComparePage") });
const workflows = createRoute({ getParentRoute: () => root, path: "/workflows", component: lazyRouteComponent(() => import("~/pages/workflows/Workflows"), "Workflows") });
const workflow = createRoute({ getParentRoute: () => root, path: "/workflows/$workflowId", validateSearch: workflowSearch, component: lazyRouteComponent(() => import("~/pages/workflows/WorkflowPage"), "WorkflowPage") });
const analytics = createRoute({ getParentRoute: () => root, path: "/analytics", validateSearch: analyticsSearch, component: lazyRouteComponent(() => import("~/pages/analytics/Analytics"), "Analytics") });
const consolidations = createRoute({ getParentRoute: () => root, path: "/consolidations", validateSearch: consolidationsSearch, component: lazyRouteComponent(() => import("~/pages/consolidations/Consolidations"), "Consolidations") });
const system = createRoute({ getParentRoute: () => root, path: "/system", validateSearch: systemSearch, component: lazyRouteComponent(() => import("~/pages/system/System"), "System") });

export const router = createRouter({
  routeTree: root.addChildren([home, runs, run, approvals, schedules, compare, workflows, workflow, analytics, consolidations, system]),
  basepath: BASE || "/",
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register { router: typeof router }
}
