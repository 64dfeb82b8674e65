// The shapes of /api/v1, named as in its OpenAPI document: `npm run check-types FILE` compares the two.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Time = string;

export type RunStatus = "pending" | "running" | "waiting" | "paused" | "completed" | "failed" | "cancelled" | "timeout";
export type StepStatus = "pending" | "running" | "waiting" | "completed" | "failed" | "skipped" | "cancelled";

export interface StepCounts { total: number; completed: number; failed: number; running: number }

export interface RunSummary {
  run_id: string;
  workflow_id: string;
  workflow: string;
  status: RunStatus;
  channel: string;
  external_id: string | null;
  driver: string;
  workflow_version: number;
  created_at: Time;
  started_at: Time | null;
  ended_at: Time | null;
  duration_ms: number | null;
  error_message: string | null;
  tags: string[];
  legacy_trace_id?: number | null;
  steps?: StepCounts;
  retries?: number;
}

export interface RunPage { runs: RunSummary[]; next: string | null; searched_back_to?: Time | null; sort?: string }
export interface RunCount { value: number; relation: "eq" | "gte" }

export interface HistogramBucket { at: Time; completed: number; failed: number; cancelled: number; timeout: number; open: number }
export interface Histogram { from: Time; to: Time; step_seconds: number; buckets: HistogramBucket[] }

export interface FacetValue { value: string; count: number }
export interface Facets { status: FacetValue[]; workflow: FacetValue[]; channel: FacetValue[] }

export interface FilterKey { key: string; type: string; operators: string[]; values?: string[]; example: string; help: string }
export interface Filters { keys: FilterKey[]; examples: string[] }

export interface RunEvent { event_id: string; event_type: string; event_data: Json; timestamp: Time }

export interface Screenshot {
  url?: string;
  thumbnail_url?: string;
  timestamp?: Time;
  action?: string;
  selector?: string;
  element_found?: boolean;
  confidence?: number;
}

export interface Step {
  step_id: string;
  run_id: string;
  step_number: number;
  node_id: string | null;
  node_key: string | null;
  iteration: number;
  status: StepStatus;
  retry_count: number;
  started_at: Time | null;
  ended_at: Time | null;
  duration_ms: number | null;
  input_data: Json;
  output_data: Json;
  screenshots: Screenshot[];
  events: RunEvent[];
  error_message: string | null;
  error_details: Json;
  metadata: { [key: string]: Json };
}

export interface Run extends Omit<RunSummary, "steps"> {
  context: { [key: string]: Json };
  config_snapshot: Json;
  error_details: Json;
  input_data: Json;
  output_data: Json;
  events: RunEvent[];
  steps: Step[];
  created_by?: string | null;
  updated_at?: Time;
  forked_from?: string | null;
  parent_step_id?: string | null;
  priority?: number;
  is_test?: boolean;
  metadata?: { [key: string]: Json };
}

export type SpanKind = "run" | "queue" | "wait" | "attempt" | "step";
export interface Span {
  step_number: number | null;
  node_key: string | null;
  kind: SpanKind;
  began: Time;
  ended: Time | null;
  status: string;
  attempt: number | null;
}
export interface Timeline { run_id: string; started_at: Time | null; ended_at: Time | null; spans: Span[] }

export interface GraphNode {
  key: string;
  label: string;
  type: string | null;
  status: string | null;
  runs: number;
  steps: number[];
  skipped_reason: string | null;
}
export interface GraphEdge { from: string; to: string; label: string | null; taken: boolean }
export interface Graph { nodes: GraphNode[]; edges: GraphEdge[] }

export interface PatchOperation { op: string; path: string; value?: Json; from?: string }
export interface ComparedStep {
  key: string;
  iteration: number;
  a: Step | null;
  b: Step | null;
  duration_delta_ms: number | null;
  same_output: boolean | null;
}
export interface Compare {
  a: RunSummary;
  b: RunSummary;
  first_difference: string | null;
  steps: ComparedStep[];
  input: PatchOperation[];
  context: PatchOperation[];
  output: PatchOperation[];
  config: PatchOperation[];
}

export interface SparkDay { day: string; completed: number; failed: number }
export interface WorkflowStatistics {
  runs: number;
  completed: number;
  failed: number;
  running: number;
  success_rate: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  last_run_at: Time | null;
  sparkline: SparkDay[];
}
export interface Workflow {
  workflow_id: string;
  name: string;
  description: string | null;
  status: string;
  version: number;
  updated_at: Time;
  statistics: WorkflowStatistics | null;
}
export interface WorkflowPage { workflows: Workflow[]; next?: string | null }

export interface NodeStatistics {
  node_key: string;
  label: string;
  type: string | null;
  executions: number;
  completed: number;
  failed: number;
  retries: number;
  success_rate: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
}
export interface WorkflowVersion { version: number; created_at: Time; created_by: string | null; active: boolean }

export interface Activation { activated_at: Time; activated_by: string | null; active: boolean }
export interface Config {
  config_id: string;
  config_type: string;
  name: string;
  channel: string | null;
  version: number;
  is_active: boolean;
  is_enabled: boolean;
  priority: number;
  value: Json;
  updated_at: Time;
  activations: Activation[];
}

export interface LatencyRow { key: string; runs: number; p50_ms: number | null; p95_ms: number | null; p99_ms: number | null }
export interface Latency { by: string; rows: LatencyRow[] }
export interface HeatmapCell { weekday: number; hour: number; runs: number; failed: number }
export interface Heatmap { cells: HeatmapCell[] }
export interface ChannelRow { channel: string; runs: number; completed: number; failed: number; running: number; success_rate: number | null; p95_ms: number | null }
export interface AnalyticsSummary { runs: number; completed: number; failed: number; success_rate: number | null; p50_ms: number | null; p95_ms: number | null; p99_ms: number | null; retries: number }

export interface Phase { name: string; entered_at: Time | null; seconds: number | null; facts: { [key: string]: Json } }
export interface Parity { table: string; target: string; old_rows: number; new_rows: number; digest_equal: boolean | null; checked_at: Time | null }
export interface Reader { name: string; reads_since_cutover: number }
export interface Rollback { possible: boolean; lossless: boolean; losses: string[] }
export interface Consolidation {
  system: string;
  phase: string;
  phases: Phase[];
  parity: Parity[];
  drift: number;
  readers: Reader[];
  can_finish: boolean;
  why_not: string | null;
  rollback: Rollback;
}

export interface Worker { worker_id: string; host: string; pid: number; started_at: Time; heartbeat_at: Time; alive: boolean; owned_runs: number; capabilities: string[] }
export interface QueueRow { queue: string; ready: number; waiting: number; owned: number; paused: number; oldest_ready_seconds: number | null }
export interface Partition { name: string; lower: Time | null; upper: Time | null; rows_estimate: number; bytes: number; sealed: boolean }
export interface Finding { finding: string; severity: "ok" | "notice" | "warning" | "error"; place: string | null; remedy: string | null }

export interface Attention { kind: string; severity: "warning" | "error"; text: string; count: number | null; query: string | null; run_id: string | null }
export interface Home {
  attention: Attention[];
  last_day: Histogram;
  channels: ChannelRow[];
  running: RunSummary[];
}

export interface Jump { kind: string; run_id: string | null; step_id: string | null }

export interface Detail { pointer: string; detail: string }
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string | null;
  code: string;
  hint: string | null;
  errors: Detail[];
}

export interface RunFrame {
  run_id: string;
  status: RunStatus;
  steps: { step_number: number; state: string }[];
  workflow?: string;
  at: Time;
}
