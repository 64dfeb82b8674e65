create table mainstem.user_workflow_schedule (
  org_id uuid not null references mainstem.organization,
  schedule_id uuid not null default gen_random_uuid(),
  name varchar(255) not null,
  workflow_id uuid not null,
  cron text,
  every interval,
  once_at timestamptz,
  zone text not null default 'UTC',
  input_data jsonb not null default '{}',
  time_argument text,
  channel mainstem.workflow_channel not null default 'web',
  workflow_version integer not null default 0,
  queue text not null default 'default',
  priority integer not null default 0,
  missed text not null default 'once',
  missed_window interval not null default '1 day',
  overlap text not null default 'skip',
  is_paused boolean not null default false,
  next_at timestamptz,
  look_at timestamptz,
  last_at timestamptz,
  last_run_id uuid,
  created_at timestamptz not null default mainstem.clock(),
  created_by uuid,
  updated_at timestamptz not null default mainstem.clock(),
  primary key (org_id, schedule_id),
  constraint a_schedule_s_name_is_its_own unique (org_id, name),
  constraint a_schedule_comes_round_in_one_way check (num_nonnulls(cron, every, once_at) = 1),
  constraint a_schedule_s_interval_is_at_least_a_second check (every >= '1 second'),
  constraint missed_policy_is_known check (missed in ('skip', 'once', 'all')),
  constraint overlap_policy_is_known check (overlap in ('allow', 'skip', 'queue', 'cancel')),
  constraint scheduled_input_is_an_object check (jsonb_typeof(input_data) = 'object'),
  foreign key (org_id, workflow_id) references mainstem.user_workflow,
  foreign key (org_id, channel) references mainstem.user_workflow_channel,
  foreign key (org_id, created_by) references mainstem.app_user
);
comment on table mainstem.user_workflow_schedule is 'When which workflow is started by itself. Workers fire what is due; each time it comes round has a row in user_workflow_schedule_firing.';
comment on column mainstem.user_workflow_schedule.cron is 'Minute, hour, day, month, weekday, as Debian''s cron reads them, in zone; or every, or once_at.';
comment on column mainstem.user_workflow_schedule.every is 'The time between two ticks, counted from 1970-01-01 UTC.';
comment on column mainstem.user_workflow_schedule.once_at is 'The one moment of a schedule that comes once.';
comment on column mainstem.user_workflow_schedule.zone is 'The time zone of cron, by its IANA name.';
comment on column mainstem.user_workflow_schedule.time_argument is 'The argument of the workflow that gets the time it was scheduled for; NULL: none.';
comment on column mainstem.user_workflow_schedule.workflow_version is 'What its runs begin with; 0: the version that is active then.';
comment on column mainstem.user_workflow_schedule.priority is 'Of its runs: a higher one is claimed first.';
comment on column mainstem.user_workflow_schedule.missed is 'Of the times that nobody was there for: skip them, once for the latest, all that lie within missed_window.';
comment on column mainstem.user_workflow_schedule.missed_window is 'How long ago a missed time may lie to be made up for, where missed is all.';
comment on column mainstem.user_workflow_schedule.overlap is 'While the run before is not over: allow another, skip this time, queue it until then, or cancel the one before.';
comment on column mainstem.user_workflow_schedule.is_paused is 'It fires nothing, and what comes round meanwhile is not made up for.';
comment on column mainstem.user_workflow_schedule.next_at is 'When it comes round next; NULL: never again.';
comment on column mainstem.user_workflow_schedule.look_at is 'When a worker looks at it: at next_at, or sooner while a time is queued; NULL while it is paused or over.';
comment on column mainstem.user_workflow_schedule.last_at is 'The latest time that it came round, whatever became of it.';
comment on column mainstem.user_workflow_schedule.last_run_id is 'The latest run that it began by itself: the one before, to the overlap policy.';
create index user_workflow_schedule_due on mainstem.user_workflow_schedule (look_at) where look_at is not null;

create table mainstem.user_workflow_schedule_firing (
  org_id uuid not null,
  schedule_id uuid not null,
  scheduled_for timestamptz not null,
  outcome text not null,
  reason text,
  ticks integer not null default 1,
  run_id uuid,
  fired_at timestamptz not null default mainstem.clock(),
  primary key (org_id, schedule_id, scheduled_for),
  constraint firing_outcome_is_known check (outcome in ('started', 'queued', 'skipped')),
  constraint started_firings_have_a_run check ((outcome = 'started') = (run_id is not null)),
  constraint skipped_firings_say_why check (outcome <> 'skipped' or reason is not null),
  foreign key (org_id, schedule_id) references mainstem.user_workflow_schedule on delete cascade
);
comment on table mainstem.user_workflow_schedule_firing is 'What became of each time that a schedule came round: the primary key makes it one firing, however many workers there are.';
comment on column mainstem.user_workflow_schedule_firing.scheduled_for is 'The time that it came round for, whenever that was noticed.';
comment on column mainstem.user_workflow_schedule_firing.outcome is 'started (run_id), queued (until the run before is over), skipped (reason).';
comment on column mainstem.user_workflow_schedule_firing.reason is 'Why it was skipped: missed, overlap, queue full; or that it was backfilled.';
comment on column mainstem.user_workflow_schedule_firing.ticks is 'How many missed times this row stands for: it is the last of them.';
comment on column mainstem.user_workflow_schedule_firing.fired_at is 'When that was decided.';
create index user_workflow_schedule_firing_queued on mainstem.user_workflow_schedule_firing (org_id, schedule_id, scheduled_for) where outcome = 'queued';

create table mainstem.user_workflow_queue (
  queue text not null,
  max_running integer,
  per_key_running integer,
  rate_count integer,
  rate_per interval,
  tokens double precision not null default 0,
  tokens_at timestamptz not null default mainstem.clock(),
  paused_at timestamptz,
  created_at timestamptz not null default mainstem.clock(),
  updated_at timestamptz not null default mainstem.clock(),
  primary key (queue),
  constraint queue_names_are_short check (queue <> '' and octet_length(queue) <= 255),
  constraint queues_let_something_run check (max_running >= 0 and per_key_running >= 1),
  constraint a_rate_is_a_count_in_a_time check (
    num_nonnulls(rate_count, rate_per) in (0, 2) and (rate_count is null or rate_count >= 1 and rate_per >= '1 millisecond'))
);
comment on table mainstem.user_workflow_queue is 'Queues that ask for limits, or are paused; one without a row has neither, and is claimed from without a lock. A queue is a pool of workers, which serve every tenant: its limits are the installation''s and no tenant''s.';
comment on column mainstem.user_workflow_queue.max_running is 'Runs of the queue that workers own at once; NULL: any number.';
comment on column mainstem.user_workflow_queue.per_key_running is 'Runs with the same concurrency_key that workers own at once.';
comment on column mainstem.user_workflow_queue.rate_count is 'Runs that begin in rate_per, as a token bucket of this size.';
comment on column mainstem.user_workflow_queue.rate_per is 'The time in which the bucket fills.';
comment on column mainstem.user_workflow_queue.tokens is 'What was in the bucket at tokens_at.';
comment on column mainstem.user_workflow_queue.tokens_at is 'When the bucket was last looked into, by the database''s clock.';
comment on column mainstem.user_workflow_queue.paused_at is 'Since when nothing is claimed from it; NULL: it is not paused.';
