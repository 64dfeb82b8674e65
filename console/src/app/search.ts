// What the address may say of each page. Whatever it says otherwise is left out, never an error.

type Raw = Record<string, unknown>;

function text(raw: Raw, key: string): string | undefined {
  const value = raw[key];
  return typeof value === "string" && value ? value : typeof value === "number" ? String(value) : undefined;
}

function one<T extends string>(raw: Raw, key: string, of: readonly T[]): T | undefined {
  return of.find((value) => value === raw[key]);
}

function number(raw: Raw, key: string): number | undefined {
  const value = Number(raw[key]);
  return raw[key] !== undefined && Number.isInteger(value) ? value : undefined;
}

export interface RunsSearch { q?: string; sort?: string }
export const runsSearch = (raw: Raw): RunsSearch => ({ q: text(raw, "q"), sort: text(raw, "sort") });

export const VIEWS = ["timeline", "graph", "steps", "film"] as const;
export interface RunSearch { view?: (typeof VIEWS)[number]; step?: number; tab?: string; attempt?: number }
export const runSearch = (raw: Raw): RunSearch => ({ view: one(raw, "view", VIEWS), step: number(raw, "step"), tab: text(raw, "tab"), attempt: number(raw, "attempt") });

export interface ApprovalsSearch { step?: string; assignee?: string }
export const approvalsSearch = (raw: Raw): ApprovalsSearch => ({ step: text(raw, "step"), assignee: text(raw, "assignee") });

export interface SchedulesSearch { schedule?: string; workflow?: string }
export const schedulesSearch = (raw: Raw): SchedulesSearch => ({ schedule: text(raw, "schedule"), workflow: text(raw, "workflow") });

export interface CompareSearch { a?: string; b?: string; step?: string; tab?: string }
export const compareSearch = (raw: Raw): CompareSearch => ({ a: text(raw, "a"), b: text(raw, "b"), step: text(raw, "step"), tab: text(raw, "tab") });

export interface WorkflowSearch { tab?: string; config?: string; version?: number }
export const workflowSearch = (raw: Raw): WorkflowSearch => ({ tab: text(raw, "tab"), config: text(raw, "config"), version: number(raw, "version") });

export const PERIODS = ["24h", "7d", "30d"] as const;
export const BY = ["workflow", "node", "channel"] as const;
export interface AnalyticsSearch { period?: (typeof PERIODS)[number]; by?: (typeof BY)[number] }
export const analyticsSearch = (raw: Raw): AnalyticsSearch => ({ period: one(raw, "period", PERIODS), by: one(raw, "by", BY) });

export interface ConsolidationsSearch { system?: string }
export const consolidationsSearch = (raw: Raw): ConsolidationsSearch => ({ system: text(raw, "system") });

export interface SystemSearch { tab?: string; action?: string; target?: string; name?: string }
export const systemSearch = (raw: Raw): SystemSearch => ({ tab: text(raw, "tab"), action: text(raw, "action"), target: text(raw, "target"), name: text(raw, "name") });
