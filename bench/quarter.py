"""A past of ninety days, made by SQL: runs as a clinic's office has them, a fifth of them with ten steps, past leaves sealed."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg

from mainstem.ledger.leaves import leaves
from mainstem.ledger.sealing import seal
from mainstem.model import DEFAULT_ORG
from mainstem.postgres import connect

DAYS = 90
STEPPED = 5
"""One run of so many has its ten steps."""

STEPS = 10
SELDOM = 20_000
"""One run of so many has a word that few have."""

WORKFLOWS = (
    "claim intake", "eligibility check", "prior authorization", "fax triage", "appeal letter", "payment posting",
    "denial review", "referral intake", "benefit lookup", "record request", "patient reminder", "coding review",
    "charge capture", "refund check", "provider enrolment", "statement run", "lab result", "voice callback",
    "document split", "nightly audit",
)  # fmt: skip
"""The first has the most runs by far, the last a handful."""

TEXT = (
    "the claim was received by fax and read page by page until member number diagnosis codes and amount were found"
    " then eligibility asked of payer who answered that coverage began in march authorization missing denied appeal sent"
    " patient called back deductible not met copay twenty provider out network modifier wrong resubmitted paid posted"
)
NOTE = TEXT.split()
"""Words that most runs have."""

DEFINITIONS: LiteralString = """
insert into mainstem.user_workflow (org_id, name) select %(org)s, name from unnest(%(workflows)s::text[]) name
"""

# In a table of its own: what is drawn once is the same for each column made of it, and runs are inserted in the order of their ids.
DRAWN: LiteralString = """
create temp table drawn as
with moments as (
  select n, now() - interval '3 seconds' - make_interval(days => floor(%(days)s * random())::integer)
            - (extract(hour from now()) * interval '1 hour') + (7 + 5 * (random() + random())) * interval '1 hour' as at
    from generate_series(1, %(runs)s::integer) n),
workdays as (
  select n, at - case when extract(isodow from at) > 5 and random() < 0.8 then interval '2 days' else interval '0' end as at from moments)
select n, mainstem.new_run_id(at) as run_id, at, random() as fate, random() as way, random() as took, power(random(), 3) as which
  from (select n, case when at > now() then at - interval '1 day' else at end as at from workdays) w
 where at > now() - make_interval(days => %(days)s) order by at
"""

LEAVES: LiteralString = """
select mainstem.ensure_workflow_leaf(month) from generate_series(now() - make_interval(days => %(days)s), now(), interval '1 week') month
"""

RUNS: LiteralString = """
with named as (
  select array_agg(w.workflow_id order by o.place) as ids
    from unnest(%(workflows)s::text[]) with ordinality o (name, place) join mainstem.user_workflow w on w.org_id = %(org)s and w.name = o.name),
fated as (
  select d.*, 200 + (20000 * took * took)::bigint as ms,
         case when at > now() - interval '2 hours' and fate < 0.3 then (array['running', 'waiting', 'pending'])[1 + n %% 3]
              when fate < 0.90 then 'completed' when fate < 0.96 then 'failed' when fate < 0.98 then 'cancelled'
              when fate < 0.9995 then 'timeout' else 'paused' end as status
    from drawn d)
insert into mainstem.user_workflow_run
  (run_id, org_id, workflow_id, status, channel, external_id, started_at, ended_at, duration_ms, error_message, driver, workflow_version,
   created_at, updated_at, tags, input_data, output_data, context)
select run_id, %(org)s, ids[1 + floor(which * 20)::integer], status,
       case when way < 0.6 then 'web' when way < 0.85 then 'voice' else 'efax' end, 'c-2026-' || n,
       case when status <> 'pending' then at end, case when is_over then at + ms * interval '1 ms' end, case when is_over then ms end,
       case when status = 'failed' then (array['payer did not answer: timeout', 'no member has this number', 'page 3 cannot be read'])[1 + n %% 3] end,
       'caller', 1 + n * 5 / %(runs)s, at, at, case n %% 50 when 0 then '{vip}'::text[] else '{}' end,
       jsonb_build_object(
         'claim', 'c-2026-' || n, 'amount', n %% 9973 + 0.5, 'codes', array['A' || n %% 100, 'B' || n %% 77],
         'patient', jsonb_build_object('id', n %% 50021, 'born', date '1930-01-01' + n %% 30000), 'note', note),
       case when is_over then jsonb_build_object('decision', (array['paid', 'paid', 'denied', 'pended'])[1 + n %% 4], 'score', n %% 1000 / 1000.0,
         'letter', 'sent to ' || n %% 3001 || ' on the day after the answer of the payer, by mail and by fax') end,
       jsonb_build_object('patient', jsonb_build_object('id', n %% 50021), 'payer', 'p-' || n %% 311, 'attempt', n %% 3,
         'read', jsonb_build_object('pages', n %% 12, 'by', 'reader ' || n %% 7))
  from fated cross join named
 cross join lateral (select status in ('completed', 'failed', 'cancelled', 'timeout') as is_over) o
 cross join lateral (
   select string_agg((%(note)s::text[])[1 + (hashint4(n * 32 + place) & 65535) %% cardinality(%(note)s::text[])], ' ')
          || case n %% %(seldom)s when 7 then ' zymurgy' else '' end as note from generate_series(1, 45) place) t
 order by run_id
"""

STEPS_OF_RUNS: LiteralString = """
insert into mainstem.user_workflow_run_step
  (step_id, run_id, org_id, step_number, node_key, status, retry_count, started_at, ended_at, duration_ms, error_message, created_at, updated_at,
   input_data, output_data)
select mainstem.step_id(r.run_id, k), r.run_id, r.org_id, k, 'node_' || k, case when is_failed then 'failed' else 'completed' end, (k + d.n) %% 40 / 39,
       r.started_at + k * part, r.started_at + (k + 1) * part, r.duration_ms / 11, case when is_failed then r.error_message end, r.created_at, r.created_at,
       jsonb_build_object('page', k, 'of', d.n %% 12, 'claim', r.external_id, 'text', left(r.input_data ->> 'note', 110)),
       jsonb_build_object('found', k %% 3, 'fields', array['member', 'codes', 'amount'], 'sure', d.n %% 100 / 100.0)
  from drawn d join mainstem.user_workflow_run r on r.run_id = d.run_id
 cross join generate_series(1, %(steps)s) k
 cross join lateral (select r.duration_ms / 11 * interval '1 ms' as part, r.status = 'failed' and k = %(steps)s as is_failed) p
 where d.n %% %(stepped)s = 0 and r.ended_at is not null order by r.run_id, k
"""

SIZES: LiteralString = """
select (select count(*) from mainstem.user_workflow_run), (select count(distinct run_id) from mainstem.user_workflow_run_step),
       (select avg(pg_column_size(input_data)) from (select input_data from mainstem.user_workflow_run limit 10000) few),
       (select count(*) from mainstem.user_workflow_leaf where sealed_at is not null), pg_database_size(current_database()) / 2.0 ^ 30
"""


def make_past(url: str, runs: int) -> str:
    """Make it, vacuumed and analyzed; what it is, in a sentence."""
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as conn:
        wanted: dict[str, Any] = {
            "runs": runs,
            "org": DEFAULT_ORG,
            "days": DAYS,
            "workflows": list(WORKFLOWS),
        }
        wanted |= {"note": NOTE, "seldom": SELDOM, "steps": STEPS, "stepped": STEPPED}
        for statement in (DEFINITIONS, DRAWN, LEAVES, "analyze drawn", RUNS, STEPS_OF_RUNS):
            conn.execute(statement, wanted if "%(" in statement else None)
        _seal(url)
        conn.execute("vacuum analyze")
        conn.execute("checkpoint")
        [(made, stepped, size, sealed, gigabytes)] = conn.execute(SIZES).fetchall()
    return (
        f"{made:,} runs, {stepped:,} of them with {STEPS} steps, over {DAYS} days; inputs of {size:.0f} bytes as stored;"
        f" {sealed} leaves sealed; {gigabytes:.1f} GiB"
    )


def _seal(url: str) -> None:
    with connect(url, role="mainstem_owner", application_name="bench sealing") as conn:
        for leaf in leaves(conn):
            if leaf.due == "seal":
                seal(conn, leaf)


def stepped_runs(url: str, most: int = 5000) -> list[str]:
    """Ids of some runs that have steps."""
    with psycopg.connect(url) as conn:
        found = conn.execute(
            "select run_id from (select distinct run_id from mainstem.user_workflow_run_step) s order by random() limit %s",
            [most],
        )
        return [str(run_id) for (run_id,) in found]
