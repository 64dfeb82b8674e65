-- What consolidations keep: plans and their phases, ids given once, the logs of what changed, rows without a place.
-- Apart from the schema mainstem, as it comes with the first consolidation and goes with the last.
create schema if not exists mainstem_consolidation authorization mainstem_owner;
comment on schema mainstem_consolidation is 'Old tables on their way: plans, ids, change logs, quarantine.';

create table if not exists mainstem_consolidation.plan (
  source text primary key,
  mapping text not null,
  phase text not null,
  facts jsonb not null default '{}',
  cursors jsonb not null default '{}',
  token uuid,
  lease_until timestamptz,
  holder integer,
  old_fingerprint text,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);
comment on table mainstem_consolidation.plan is 'A row for each old system: its mapping, and where its consolidation stands. token and lease_until fence out whoever was slower; holder is its backend, and a lease whose backend is gone is over.';

create table if not exists mainstem_consolidation.journal (
  source text not null,
  at timestamptz not null default clock_timestamp(),
  phase text not null,
  facts jsonb not null default '{}'
);
comment on table mainstem_consolidation.journal is 'Each phase as it was entered, with what it found and how long it took: the report is made from it.';

create table if not exists mainstem_consolidation.consolidation_id (
  source text not null,
  old_table text not null,
  old_key text not null,
  new_id uuid not null,
  primary key (source, old_table, old_key),
  unique (new_id)
);
comment on table mainstem_consolidation.consolidation_id is 'The id of each old row, given once, whatever changes in the row later.';

create table if not exists mainstem_consolidation.dirty (
  source text not null,
  old_table text not null,
  root text not null,
  xid xid8 not null default pg_current_xact_id()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index if not exists dirty_by_root on mainstem_consolidation.dirty (source, old_table, root);
comment on table mainstem_consolidation.dirty is 'Roots that old code changed since they were copied. No sequence in it: it would change lastval() for the application.';

create table if not exists mainstem_consolidation.written_since (
  source text not null,
  new_id uuid not null,
  xid xid8 not null default pg_current_xact_id()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index if not exists written_since_by_id on mainstem_consolidation.written_since (source, new_id);
comment on table mainstem_consolidation.written_since is 'Runs and definitions that anybody changed since the cut-over: what a rollback takes along.';

create table if not exists mainstem_consolidation.quarantine (
  source text not null,
  old_table text not null,
  old_key text not null,
  root text not null,
  old_row jsonb not null,
  reason text not null,
  primary key (source, old_table, old_key)
);
comment on table mainstem_consolidation.quarantine is 'Old rows that became nothing, as they were: orphans and others, by decision. The old names still show them.';

create table if not exists mainstem_consolidation.stray (
  source text not null,
  old_table text not null,
  new_id uuid not null,
  primary key (source, old_table, new_id)
);
comment on table mainstem_consolidation.stray is 'Steps whose lists may hold elements that name another run: where they are looked for by that run.';

create table if not exists mainstem_consolidation.beside (
  source text not null,
  new_id uuid not null,
  metadata jsonb not null,
  primary key (source, new_id)
);
comment on table mainstem_consolidation.beside is 'What lenses lost of rows whose new table has no metadata: configs and their activations.';

create table if not exists mainstem_consolidation.workflow_of (
  source text not null,
  org_id uuid not null,
  workflow_id uuid not null,
  primary key (source, workflow_id)
);
comment on table mainstem_consolidation.workflow_of is 'Workflows of an old system: their new runs are shown under the old names.';

create or replace function mainstem_consolidation.no_home(place text, value text) returns text
language plpgsql immutable
as $$
begin
  raise exception using errcode = 'MS402', message = format('%s: %L has no home in the mapping', place, value),
    hint = 'Name the value under `values:` of this column.';
end $$;
comment on function mainstem_consolidation.no_home(text, text) is 'Stops a copy at a value that the mapping does not name.';

create or replace function mainstem_consolidation.json_or_null(value text) returns jsonb
language plpgsql immutable
as $$
begin
  return value::jsonb;
exception when data_exception then
  return null;
end $$;
comment on function mainstem_consolidation.json_or_null(text) is 'A text as JSON; NULL when it is none that jsonb holds.';

create or replace function mainstem_consolidation.time_or_null(value text, zone text) returns timestamptz
language plpgsql stable
set timezone = 'UTC' set datestyle = 'ISO'
as $$
begin
  return case when zone is null then value::timestamptz else value::timestamp at time zone zone end;
exception when data_exception then
  return null;
end $$;
comment on function mainstem_consolidation.time_or_null(text, text) is 'A text as a time, read in this zone when it names none; NULL when it is no time.';

create or replace function mainstem_consolidation.typed_or_null(value text, kind anyelement) returns anyelement
language plpgsql stable
set timezone = 'UTC' set datestyle = 'ISO'
as $$
begin
  kind := value;
  return kind;
exception when data_exception then
  return null;
end $$;
comment on function mainstem_consolidation.typed_or_null(text, anyelement) is 'A text as a value of this type; NULL when it is none.';

create or replace function mainstem_consolidation.unknown_key(place text, element jsonb, known text[]) returns boolean
language plpgsql immutable
as $$
begin
  raise exception using errcode = 'MS402', message = format('%s: key %L of an element has no home in the mapping', place,
      (select min(k) from jsonb_object_keys(element - known) k)),
    hint = 'Name the key under `columns:` or `remainder:` of steps_from.';
end $$;
comment on function mainstem_consolidation.unknown_key(text, jsonb, text[]) is 'Stops a copy at a key that the mapping does not name.';

create or replace function mainstem_consolidation.id_of_number(number bigint) returns uuid
language sql immutable strict parallel safe
return encode('\x6c65676163790000'::bytea || int8send(number), 'hex')::uuid;
comment on function mainstem_consolidation.id_of_number(bigint) is 'The uuid that stands for an old number: the word legacy, then the number.';

create or replace function mainstem_consolidation.number_of_id(id uuid) returns bigint
language sql immutable strict parallel safe
return case when left(id::text, 18) = '6c656761-6379-0000'
  then ('x' || right(replace(id::text, '-', ''), 16))::bit(64)::bigint
  else -1 - ('x' || right(replace(id::text, '-', ''), 15))::bit(60)::bigint end;
comment on function mainstem_consolidation.number_of_id(uuid) is 'The old number of an id that stands for one; for any other a negative number that is always the same.';

create or replace function mainstem_consolidation.take_step_ids(source text, old_table text, run_table text, keys text[], runs text[], numbers bigint[])
returns void
language sql
as $$
  with wanted as (
    select w.key, kr.new_id as run_id, w.number,
           row_number() over (partition by kr.new_id, w.number order by w.ordinal) = 1 as is_first
      from unnest(keys, runs, numbers) with ordinality w (key, run, number, ordinal)
      join mainstem_consolidation.consolidation_id kr
        on kr.source = take_step_ids.source and kr.old_table = take_step_ids.run_table and kr.old_key = w.run
     where not exists (select from mainstem_consolidation.consolidation_id k
                        where k.source = take_step_ids.source and k.old_table = take_step_ids.old_table and k.old_key = w.key)
  ), judged as (
    select w.*, coalesce(w.is_first and w.number between 1 and 16777215 and not exists (
             select from mainstem_consolidation.consolidation_id k
              where k.new_id = mainstem.step_id(w.run_id, least(greatest(w.number, 1), 16777215)::integer)), false) as fits
      from wanted w
  )
  insert into mainstem_consolidation.consolidation_id (source, old_table, old_key, new_id)
  select take_step_ids.source, take_step_ids.old_table, j.key,
         mainstem.step_id(j.run_id, (case when j.fits then j.number else greatest(
             max(j.number) filter (where j.fits) over (partition by j.run_id),
             (select mainstem.step_number_of(max(k.new_id::text)::uuid) from mainstem_consolidation.consolidation_id k
               where k.new_id > j.run_id and k.new_id <= mainstem.step_id(j.run_id, 16777215)), 0)
           + row_number() over (partition by j.run_id, j.fits order by j.key) end)::integer)
    from judged j
$$;
comment on function mainstem_consolidation.take_step_ids(text, text, text, text[], text[], bigint[]) is 'Give steps their ids, once: the old number where it is whole and free, else the next one of its run.';

create or replace function mainstem_consolidation.standing(asked text default null) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  found record;
  told jsonb := '[]';
  lost jsonb;
begin
  for found in select p.* from mainstem_consolidation.plan p where asked is null or p.source = asked order by p.source loop
    lost := null;
    if asked is not null and found.phase = 'cut_over' and exists (
         select from pg_proc f where f.oid = to_regprocedure(format('%I.losses()', 'consolidation_' || asked)) and f.proowner = 'mainstem_owner'::regrole) then
      execute format($losses$select coalesce(jsonb_agg(to_jsonb(l) order by l.old_table, l.old_column), '[]')
        from %I.losses() l where l.lost > 0$losses$, 'consolidation_' || asked) into lost;
    end if;
    told := told || jsonb_build_object(
      'source', found.source, 'phase', found.phase, 'mapping', found.mapping, 'created_at', found.created_at, 'updated_at', found.updated_at,
      'is_held', coalesce(found.lease_until >= clock_timestamp() and exists (select from pg_stat_activity a where a.pid = found.holder), false),
      'is_safe', coalesce(found.facts -> 'backup', found.facts -> 'without_backup', 'null') <> 'null',
      'has_backup', coalesce(found.facts -> 'backup', 'null') <> 'null',
      'reads_before', coalesce(found.facts -> 'reads_before', '{}'),
      'reads', (select coalesce(jsonb_object_agg(s.relname, coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0) + s.n_tup_ins + s.n_tup_upd + s.n_tup_del), '{}')
                  from pg_stat_all_tables s where s.schemaname = 'legacy_' || found.source),
      'drift', (select count(*) from mainstem_consolidation.dirty d where d.source = found.source),
      'written_since', (select count(distinct w.new_id) from mainstem_consolidation.written_since w where w.source = found.source),
      'quarantine', (select coalesce(jsonb_agg(jsonb_build_object('table', z.old_table, 'reason', z.reason, 'rows', z.rows) order by z.old_table, z.reason), '[]')
                       from (select q.old_table, q.reason, count(*) as rows from mainstem_consolidation.quarantine q
                              where q.source = found.source group by 1, 2) z),
      'losses', lost,
      -- of the facts only what is named here: the differences that a failed proof found are values of rows
      'journal', (select coalesce(jsonb_agg(jsonb_build_object('at', j.at, 'phase', j.phase, 'facts', (
                    select coalesce(jsonb_object_agg(f.key, case f.key
                             when 'compared' then (select coalesce(jsonb_agg(c - 'differences'), '[]') from jsonb_array_elements(f.value) c)
                             when 'backup' then f.value - 'sha256' - 'rows' else f.value end), '{}')
                      from jsonb_each(j.facts) f
                     where f.key in ('seconds', 'held_ms', 'locked_ms', 'waited_ms', 'attempts', 'rolled_back', 'abandoned', 'lost', 'roots',
                                     'caught_up', 'drained', 'dropped', 'left_out', 'compared', 'backup', 'without_backup'))) order by j.at), '[]')
                    from mainstem_consolidation.journal j where j.source = found.source));
  end loop;
  return told;
end $$;
comment on function mainstem_consolidation.standing(text) is 'Where each consolidation stands, or this one, with what a rollback would lose: counts, times and names, and no value of a row. For a server, which shows it to admins only.';
-- As mainstem_owner it reads what a server may not; nobody else calls it, and nothing else here is a server's.
alter function mainstem_consolidation.standing(text) owner to mainstem_owner;
revoke all on function mainstem_consolidation.standing(text) from public;
grant execute on function mainstem_consolidation.standing(text) to mainstem_app;
grant usage on schema mainstem_consolidation to mainstem_app;
