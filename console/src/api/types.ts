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
  is_test: boolean;
  steps?: StepCounts;
  retries?: number;
}

export interface RunPage { runs: RunSummary[]; next: string | null; searched_back_to?: Time | null; sort?: string }
export interface RunCount { value: number; relation: "eq" | "gte" }

export interface HistogramBucket { at: Time; completed: number; failed: number; cancelled: number; timeout: number; open: number }
export interface Histogram { from: Time | null; to: Time | null; step_seconds: number; buckets: HistogramBucket[] }

export interface FacetValue { value: string; count: number }
export interface Facets { status: FacetValue[]; workflow: FacetValue[]; channel: FacetValue[] }

export interface FilterKey { name: string; kind: string; takes: string; says: string; operators: string[]; choices: string[]; examples: string[] }
export interface Filters { keys: FilterKey[]; documents: FilterKey[]; rules: string[]; examples: string[]; sorts: string[] }

export interface RunEvent { event_id: string; event_type: string; event_data: Json; timestamp: Time | null }

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
  screenshots: (Screenshot | string)[];
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
/** why: null where it is not known, or still open. condition, value: of a drawn graph. */
export interface GraphEdge { from: string; to: string; label: string | null; taken: boolean; why?: string | null; condition?: string | null; value?: Json }
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
  is_graph: boolean;
  workflow_id: string;
  name: string;
  description: string | null;
  status: string;
  version: number;
  updated_at: Time;
  statistics: WorkflowStatistics;
}
export interface WorkflowPage { workflows: Workflow[]; next?: string | null }

export interface NodeStatistics {
  steps: number;
  completed: number;
  failed: number;
  skipped: number;
  retries: number;
  success_rate: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  last_step_at: Time | null;
}
export interface WorkflowNode { node_id: string | null; key: string; label: string; type: string | null; description: string | null; statistics: NodeStatistics }
export interface DefinedNode { key: string; label: string; type: string | null }
export interface DefinedEdge { origin: string; target: string; label: string | null; condition: string | null }
/** `none`: a workflow of code, whose graph is each run's own. */
export interface DefinedGraph { source: "nodes" | "graph_config" | "none"; nodes: DefinedNode[]; edges: DefinedEdge[] }
export interface WorkflowVersion { version: number; checksum: string; published_at: Time; published_by: string | null }
export interface Versions { versions: WorkflowVersion[]; next: string | null }

export interface Activation { activation_id: string; config_id: string; version: number; name: string; replaced_config_id: string | null; activated_at: Time; activated_by: string | null }
export interface Config {
  config_id: string;
  config_type: string;
  workflow_id: string | null;
  workflow: string | null;
  channel: string | null;
  name: string;
  version: number;
  config_data: { [key: string]: Json };
  is_active: boolean;
  is_enabled: boolean;
  priority: number;
  webhook_url: string | null;
  updated_at: Time;
  activated_at: Time | null;
  activated_by: string | null;
}

export interface Configs { configs: Config[]; next: string | null }
export interface Trail { activations: Activation[]; next: string | null }

export interface Latency { key: string; label: string; workflow: string | null; ended: number; failed: number; mean_ms: number | null; p50_ms: number | null; p95_ms: number | null; p99_ms: number | null; max_ms: number | null }
/** weekday: 0 is Monday. */
export interface Cell { weekday: number; hour: number; runs: number; failed: number; p95_ms: number | null }
export interface Channel { channel: string; description: string | null; runs: number; completed: number; failed: number; running: number; success_rate: number | null; p50_ms: number | null; p95_ms: number | null; p99_ms: number | null }
export interface SlowNode { workflow_id: string; workflow: string; node: string; steps: number; failed: number; retries: number; total_ms: number; p50_ms: number | null; p95_ms: number | null; p99_ms: number | null }
export interface Summary { since: Time; before: Time; runs: number; completed: number; failed: number; cancelled: number; running: number; success_rate: number | null; p50_ms: number | null; p95_ms: number | null; p99_ms: number | null; workflows: number; steps: number; retries: number }

export interface Entered { name: string; entered_at: Time; seconds: number; attempts: number }
export interface Noted { at: Time; phase: string; what: string; facts: { [key: string]: Json } }
export interface Parity { table: string; target: string; direction: string; old_rows: number; new_rows: number; digest: string; digest_equal: boolean; checked_at: Time }
export interface Quarantined { table: string; reason: string; rows: number }
export interface Reader { name: string; reads_since_cutover: number }
export interface LostColumn { table: string; column: string; why: string; rows: number }
/** lossless null: nobody has looked. */
export interface WayBack { possible: boolean; lossless: boolean | null; losses: LostColumn[]; changed_since: number; command: string | null }
export interface Consolidation {
  system: string;
  phase: string;
  next: string | null;
  is_held: boolean;
  began_at: Time;
  updated_at: Time;
  cut_over_at: Time | null;
  has_backup: boolean;
  phases: Entered[];
  parity: Parity[];
  drift: number;
  readers: Reader[];
  quarantine: Quarantined[];
  journal: Noted[];
  can_finish: boolean;
  why_not: string | null;
  rollback: WayBack;
}
export interface Consolidations { consolidations: Consolidation[]; note: string | null }

export interface Worker { worker_id: string; host: string; pid: number; started_at: Time; heartbeat_at: Time; alive: boolean; reaped_at: Time | null; owned_runs: number; capabilities: { [key: string]: Json } }
export interface Workers { workers: Worker[]; next: string | null }
export interface Queue { queue: string; ready: number; waiting: number; owned: number; paused: number; oldest_ready_at: Time | null; next_due_at: Time | null }
export interface Awaited { signal: string; runs: number }
export interface Queues { queues: Queue[]; awaited: Awaited[]; cancel_requested: number }
export interface Partition { name: string; lower: Time; upper: Time; rows_estimate: number; bytes: number; sealed: boolean; due: "seal" | "drop" | null }
export interface Finding { finding: string; severity: "ok" | "warn" | "bad"; place: string; remedy: string }

export type Role = "viewer" | "operator" | "admin";
export interface KeyShown { key_id: string; name: string; prefix: string; role: Role; user_id: string | null; created_at: Time; expires_at: Time | null; last_used_at: Time | null; revoked_at: Time | null }
/** With the key itself: this once. */
export interface KeyMade extends KeyShown { key: string }
export interface KeysShown { keys: KeyShown[]; next: string | null }
export interface Me { org_id: string; role: Role; name: string; key_id: string | null; user_id: string | null }
export interface ChangeShown { audit_id: string; at: Time; actor: string; key_id: string | null; user_id: string | null; action: string; target: string; details: { [key: string]: Json }; request_id: string | null }
export interface ChangesShown { changes: ChangeShown[]; next: string | null }
/** One statement, by its line, and the tables that nobody read while it ran. */
export interface Rehearsed { line: number; milliseconds: number; exclusive: string[] }
export interface MigrationState { name: string; target: string; phase: string; updated_at: Time; has_backup: boolean; rehearsal: Rehearsed[]; held: { [table: string]: number } }
export interface Migrations { migrations: MigrationState[]; note: string | null }

export interface Attention { kind: string; severity: "warn" | "bad"; what: string; workflow: string | null; count: number; last_run_id: string | null; at: Time | null; remedy: string }
export interface Hour { at: Time; completed: number; failed: number; cancelled: number; open: number }
export interface OpenRun { run_id: string; workflow_id: string; workflow: string; status: RunStatus; channel: string; external_id: string | null; created_at: Time; started_at: Time | null }
export interface OpenRuns { pending: number; running: number; waiting: number; paused: number; latest: OpenRun[] }
export interface Home { at: Time; needs_attention: Attention[]; hours: Hour[]; channels: Channel[]; running_now: OpenRuns }

/** form: the JSON schema of the answer; null takes any. */
export interface ApprovalShown { step_id: string; run_id: string; workflow: string; external_id: string | null; name: string; assignee: string | null; form: Json; asked_at: Time; due_at: Time | null }
export interface ApprovalsShown { approvals: ApprovalShown[]; next: string | null }
export interface AnsweredApproval { step_id: string; signal_id: string; answered_by: string }

export type Missed = "skip" | "once" | "all";
export type Overlap = "allow" | "skip" | "queue" | "cancel";
/** every, window: ISO 8601. One of cron, every and at is given. */
export interface Schedule { schedule_id: string; name: string; workflow_id: string; workflow: string; cron: string | null; every: string | null; at: Time | null; zone: string; input: Json; time_argument: string | null; channel: string; version: number; queue: string; priority: number; missed: Missed; window: string; overlap: Overlap; is_paused: boolean; next_at: Time | null; last_at: Time | null; last_run_id: string | null; updated_at: Time; now: Time }
export interface Schedules { schedules: Schedule[]; next: string | null }
export interface Firing { scheduled_for: Time; outcome: "started" | "queued" | "skipped"; reason: string | null; ticks: number; run_id: string | null; fired_at: Time }
export interface Firings { firings: Firing[]; next: string | null }
export interface Times { times: Time[] }
export interface Counted { count: number }

export interface BreakpointShown { breakpoint_id: string; workflow: string | null; run_id: string | null; node_key: string | null; condition: string | null; one_shot: boolean; is_enabled: boolean; hits: number; last_hit_at: Time | null; created_at: Time; created_by: string | null }
export interface BreakpointsShown { breakpoints: BreakpointShown[]; next: string | null }

/** rate_per: ISO 8601. */
export interface LimitedQueue { queue: string; max_running: number | null; per_key_running: number | null; rate_count: number | null; rate_per: string | null; paused_at: Time | null; updated_at: Time }

export interface Draft { workflow_id: string; workflow: string; revision: number; active_version: number | null; is_draft: boolean; saved_at: Time | null; graph_config: Json }
/** graph_config: as it is kept; null when it has words that no graph has. */
export interface CheckedGraph { faults: string[]; calls: string[]; graph_config: Json }
export interface VersionMade { version: number; is_new: boolean; active_version: number | null }
export interface WorkflowMade { workflow_id: string; name: string }

export interface Forked { run_id: string; forked_from: string }
export interface RefusedRun { run_id: string; code: string; message: string }
export interface BulkAnswer { matched: RunCount | null; first: RunSummary[]; asked: number; refused: RefusedRun[]; next: string | null }

export interface Jump { kind: string; run_id: string; step_id: string | null; by: string }
export interface Started { run_id: string; is_new: boolean }

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
  /** Of a draft that somebody else has changed: both texts, and the revision that is there. */
  yours?: Json;
  theirs?: Json;
  revision?: number;
}

export interface RunFrame {
  run_id: string;
  status: RunStatus;
  steps: { step_number: number; state: string }[];
  workflow?: string;
  at: Time;
}
