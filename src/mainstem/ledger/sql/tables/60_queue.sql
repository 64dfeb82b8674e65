create table mainstem.user_workflow_run_queue (
  run_id uuid not null,
  org_id uuid not null,
  queue text not null default 'default',
  state text not null default 'ready',
  priority integer not null default 0,
  due_at timestamptz not null default mainstem.clock(),
  waiting_for text[] not null default '{}',
  signals integer not null default 0,
  cancel_requested_at timestamptz,
  cancel_reason text,
  worker_id uuid,
  epoch integer not null default 0,
  attempt integer not null default 0,
  concurrency_key text,
  deadline_at timestamptz,
  primary key (run_id),
  constraint queue_state_is_known check (state in ('ready', 'waiting', 'owned', 'paused')),
  constraint owned_runs_have_an_owner check ((state = 'owned') = (worker_id is not null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 10000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
comment on table mainstem.user_workflow_run_queue is 'One narrow row for every engine run that is not over: who owns it, what it waits for, what was asked of it. Rebuilt by rebuild_workflow_queue().';
comment on column mainstem.user_workflow_run_queue.due_at is 'When a ready run became ready, never a time past (claims move a lower bound); when a waiting one is looked at, ''infinity'' for never.';
comment on column mainstem.user_workflow_run_queue.epoch is 'Raised by every claim: a write of an earlier claim, even by the same worker, is refused.';
comment on column mainstem.user_workflow_run_queue.attempt is 'How often in a row a worker was lost while it owned the run, and no step had ended meanwhile: the third time the run pauses as poison.';
comment on column mainstem.user_workflow_run_queue.deadline_at is 'When the run times out, by its workflow''s timeout from its first start; NULL: never, or not known before a worker has claimed it.';
comment on column mainstem.user_workflow_run_queue.state is 'ready (to be claimed), waiting (for due_at or a signal), owned (by worker_id), paused (the run, or its workflow).';
comment on column mainstem.user_workflow_run_queue.priority is 'The run''s: a higher one is claimed first.';
comment on column mainstem.user_workflow_run_queue.waiting_for is 'Names of the signals that wake the run.';
comment on column mainstem.user_workflow_run_queue.signals is 'How many signals lie in user_workflow_signal for it: its owner looks when there are some.';
comment on column mainstem.user_workflow_run_queue.cancel_requested_at is 'Asked of the owner, who ends the run; a run without one is cancelled at once.';
comment on column mainstem.user_workflow_run_queue.worker_id is 'The incarnation that owns the run and alone writes it; NULL: nobody.';
comment on column mainstem.user_workflow_run_queue.concurrency_key is 'Runs of a queue with the same key share its limit per key.';
create index queue_ready on mainstem.user_workflow_run_queue (queue, priority desc, due_at) where state = 'ready';
create index queue_ready_by_key on mainstem.user_workflow_run_queue (queue, concurrency_key, priority desc, due_at)
  where state = 'ready' and concurrency_key is not null;
create index queue_waiting on mainstem.user_workflow_run_queue (due_at) where state = 'waiting';
create index queue_owned on mainstem.user_workflow_run_queue (worker_id) where state = 'owned';
create index queue_deadlines on mainstem.user_workflow_run_queue (deadline_at) where deadline_at is not null;

create table mainstem.user_workflow_worker (
  worker_id uuid not null,
  host text not null,
  pid integer not null,
  capabilities jsonb not null default '{}',
  ttl interval not null default '15 seconds',
  started_at timestamptz not null default mainstem.clock(),
  heartbeat_at timestamptz not null default mainstem.clock(),
  reaped_at timestamptz,
  backend_pid integer,
  backend_start timestamptz,
  primary key (worker_id),
  constraint a_lease_lasts_a_while check (ttl >= '1 second')
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
comment on table mainstem.user_workflow_worker is 'One row for each start of a worker process. A lease belongs to the incarnation, not to the host.';
comment on column mainstem.user_workflow_worker.reaped_at is 'Set when the incarnation left, or was silent for longer than its ttl: it writes nothing any more.';
comment on column mainstem.user_workflow_worker.backend_pid is 'The backend of its recorder: ended by a reaper that finds this row locked by a silent worker.';
comment on column mainstem.user_workflow_worker.worker_id is 'Fresh at every start of a process.';
comment on column mainstem.user_workflow_worker.capabilities is 'Which workflows and queues it takes, and how many runs at once.';
comment on column mainstem.user_workflow_worker.ttl is 'How long it may be silent before it is reaped.';
comment on column mainstem.user_workflow_worker.backend_start is 'With backend_pid names one backend, as the server gives pids again.';

create table mainstem.user_workflow_signal (
  run_id uuid not null,
  signal_id uuid not null default gen_random_uuid(),
  org_id uuid not null,
  name text not null,
  payload jsonb,
  sent_at timestamptz not null default mainstem.clock(),
  sent_by uuid,
  primary key (run_id, signal_id)
);
comment on table mainstem.user_workflow_signal is 'Signals that a run has not taken yet; taken ones are the output of the step that waited.';

create table mainstem.user_workflow_run_context (
  run_id uuid not null,
  key varchar(255) not null,
  value jsonb not null,
  org_id uuid not null,
  created_at timestamptz not null default mainstem.clock(),
  updated_at timestamptz not null default mainstem.clock(),
  primary key (run_id, key),
  constraint context_keys_have_a_name check (key <> '')
) with (autovacuum_vacuum_scale_factor = 0.05);
comment on table mainstem.user_workflow_run_context is 'Context of runs that are not over; folded into the run when it ends.';

create table mainstem.user_workflow_idempotency (
  org_id uuid not null,
  workflow_id uuid not null,
  key text not null,
  run_id uuid not null,
  request_digest bytea not null,
  created_at timestamptz not null default mainstem.clock(),
  expires_at timestamptz not null,
  primary key (org_id, workflow_id, key)
);
comment on table mainstem.user_workflow_idempotency is 'Which run an idempotency key began. Not partitioned, as the key knows no run; swept by expires_at.';
comment on column mainstem.user_workflow_idempotency.request_digest is 'Digest of the request; another one under the same key is a conflict.';
create index user_workflow_idempotency_by_expiry on mainstem.user_workflow_idempotency (expires_at);

create table mainstem.user_workflow_change (
  org_id uuid not null,
  xid xid8 not null default pg_current_xact_id(),
  change_id uuid not null default gen_random_uuid(),
  at timestamptz not null default mainstem.clock(),
  run_ids uuid[] not null,
  step_numbers integer[] not null,
  states text[] not null,
  worker_id uuid,
  flush bigint,
  primary key (org_id, xid, change_id)
);
comment on table mainstem.user_workflow_change is 'What changed, a row for each flush and tenant, kept for hours: read with a cursor of (xid, change_id) below pg_snapshot_xmin, so that nothing is missed behind an older open transaction.';
comment on column mainstem.user_workflow_change.step_numbers is '0 stands for the run itself; the three arrays go together.';
comment on column mainstem.user_workflow_change.flush is 'With worker_id the receipt of a flush: a recorder that lost the answer asks again and is told what was recorded.';
comment on column mainstem.user_workflow_change.xid is 'The writing transaction: readers take what lies below the oldest that is still open.';
comment on column mainstem.user_workflow_change.states is 'The new state of each.';
create index user_workflow_change_receipts on mainstem.user_workflow_change (worker_id, flush) where worker_id is not null;
create index user_workflow_change_by_time on mainstem.user_workflow_change using brin (at);
