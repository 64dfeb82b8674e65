import type { ReactNode } from "react";

const icon = (path: string): ReactNode => (
  <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d={path} /></svg>
);

export const PLACES = [
  { to: "/", name: "Home", key: "h", icon: icon("M2.5 7.5 8 3l5.5 4.5V13h-4V9.5h-3V13h-4z") },
  { to: "/runs", name: "Runs", key: "r", icon: icon("M2.5 4h11M2.5 8h11M2.5 12h7") },
  { to: "/approvals", name: "Approvals", key: "p", icon: icon("M2.5 3.5h11v7h-6L4.5 13v-2.5h-2zM5.5 7l2 2 3-3.5") },
  { to: "/schedules", name: "Schedules", key: "d", icon: icon("M3 3.5h10v10H3zM3 6.5h10M5.5 2v3M10.5 2v3M8 8.5v2l1.5 1") },
  { to: "/compare", name: "Compare", key: "c", icon: icon("M5.5 2.5v11M10.5 2.5v11M2.5 5h3M2.5 9h3M10.5 7h3M10.5 11h3") },
  { to: "/workflows", name: "Workflows", key: "w", icon: icon("M3 3h3v3H3zM10 10h3v3h-3zM3 10h3v3H3zM4.5 6v4M6 11.5h4") },
  { to: "/analytics", name: "Analytics", key: "a", icon: icon("M2.5 13.5h11M4 11V7.5M8 11V3M12 11V6") },
  { to: "/consolidations", name: "Consolidations", key: "m", icon: icon("M8 2.5v11M3 3c0 4 5 3.5 5 7M13 5c0 3-5 2.5-5 6") },
  { to: "/system", name: "System", key: "s", icon: icon("M3 3h10v4H3zM3 9h10v4H3zM5.5 5h.01M5.5 11h.01") },
] as const;
