"""Runs by a filter: what each key finds, page after page, in one's own tenant."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import psycopg
import pytest
from callers import Caller

from conftest import Database, make_tenant
from mainstem.errors import BadArgument, FilterUnreadable
from mainstem.ledger.call import perform
from mainstem.ledger.leaves import leaves
from mainstem.ledger.sealing import seal
from mainstem.ledger.search import count_runs, facets_of_runs, find_runs, histogram_of_runs, parsed

pytest_plugins = ["shared_ledger"]


def found(caller: Caller, text: str, **asked: Any) -> list[UUID]:
    page = perform(caller.conn, find_runs(parsed(text), **asked), org_id=caller.tenant.org_id)
    assert page.searched_back_to is None
    return [run.run_id for run in page.runs]


def paged(conn: psycopg.Connection[Any], org_id: UUID, text: str, **asked: Any) -> list[UUID]:
    """All that is found, page after page."""
    page = perform(conn, find_runs(parsed(text), **asked), org_id=org_id)
    seen = [run.run_id for run in page.runs]
    while page.next is not None:
        page = perform(conn, find_runs(parsed(text), **asked, after=page.next), org_id=org_id)
        seen += [run.run_id for run in page.runs]
    return seen


def ended(caller: Caller, ending: str = "completed", why: str | None = None, *, external_id: str | None = None,
          channel: str = "web", steps: int = 0, **context: Any) -> UUID:  # fmt: skip
    run_id = caller.start_run(channel=channel, external_id=external_id)
    for number in range(1, steps + 1):
        step_id = caller.start_step(run_id, number, json.dumps({"page": number}))
        caller.call("complete_workflow_step", step_id, "completed", '{"text": "read"}', None)
    for key, value in context.items():
        caller.call("set_workflow_context", run_id, key, json.dumps(value))
    caller.clock.advance(seconds=1)
    caller.call("complete_workflow_execution", run_id, ending, why)
    return run_id


def test_a_filter_finds_by_columns(caller: Caller) -> None:
    good = ended(caller, external_id="ABC-1")
    bad = ended(caller, "failed", "Connection refused by 10.0.0.1", channel="voice", external_id="ABC-2")
    late = ended(caller, "timeout", "too slow")
    still = caller.start_run()
    for text, expected in {
        "": [still, late, bad, good],
        "status:failed": [bad],
        "status:failed,timeout": [late, bad],
        "-status:failed,timeout": [still, good],
        "status:failed channel:voice": [bad],
        "status:failed channel:web": [],
        "channel:v*": [bad],
        "ext:ABC-1": [good],
        "ext:ABC-*": [bad, good],
        "-ext:ABC-*": [still, late],
        'err:"connection REFUSED"': [bad],
        "err:10_0": [],
        "is:open": [still],
        "-is:open": [late, bad, good],
        "is:over status:completed": [good],
        "has:error": [late, bad],
        "duration:>=1s": [late, bad, good],
        "duration:>1h": [],
        "workflow:intake": [still, late, bad, good],
        "workflow:in* status:timeout": [late],
        "workflow:other": [],
        "version:1 driver:caller": [still, late, bad, good],
        f"id:{bad}": [bad],
        f"id:{good},{bad}": [bad, good],
        "legacy:1001": [],
        "is:test": [],
        "created:>-1h": [still, late, bad, good],
        "created:<-1h": [],
        "started:>-1h status:completed": [good],
        "ended:>-1h": [late, bad, good],
    }.items():
        assert found(caller, text) == expected, text


def test_a_filter_finds_by_steps_tags_and_traits(caller: Caller) -> None:
    none = ended(caller)
    three = ended(caller, steps=3)
    caller.conn.execute(
        "update mainstem.user_workflow_run set tags = '{vip,blue}', is_test = true where run_id = %s", [three]
    )
    for text, expected in {
        "steps:3": [three],
        "steps:<3": [none],
        "node:Read": [three],
        "-node:Rea*": [none],
        "node:ocr": [],
        "tag:vip": [three],
        "tag:red,b*": [three],
        "-tag:vip": [none],
        "is:test": [three],
        "has:tags": [three],
        "retries:>0": [],
    }.items():
        assert found(caller, text) == expected, text


def test_a_filter_finds_by_places_in_documents_also_of_runs_that_are_not_over(caller: Caller) -> None:
    ann = ended(caller, patient={"id": 123, "name": "Ann O'Neil"}, scores=[1, 20], vip=True)
    bob = ended(caller, patient={"id": "123", "name": 'Bob "B" \\ Lee'}, total=99.5)
    live = caller.start_run()
    caller.call("set_workflow_context", live, "patient", '{"id": 7, "first name": "Ünal"}')
    for text, expected in {
        "ctx.patient.id:123": [bob, ann],
        'ctx.patient.id:"123"': [bob],
        "ctx.patient.id:7": [live],
        "ctx.patient.id:7,123": [live, bob, ann],
        "-ctx.patient.id:123": [live],
        "ctx.patient.id:>100": [ann],
        "ctx.scores:>10": [ann],
        "ctx.scores:2..15": [],
        "ctx.total:90..100": [bob],
        "ctx.vip:true": [ann],
        "-ctx.vip:true": [live, bob],
        'ctx.patient.name:"Ann O\'Neil"': [ann],
        'ctx.patient.name:"Bob \\"B\\" \\\\ Lee"': [bob],
        "ctx.patient.name:Ann*": [ann],
        'ctx.patient."first name":Ünal': [live],
        "in.anything:null": [],
    }.items():
        assert found(caller, text) == expected, text


def test_words_are_looked_for_in_ids_errors_names_and_documents(caller: Caller) -> None:
    error = ended(caller, "failed", "The claim was denied", external_id="CLAIM-77")
    text = ended(caller, note={"de": "Die Rechnung wurde abgelehnt", "n": [4711]})
    for words, expected in {
        "denied": [error],
        "DENIED claim": [error],
        '"claim was"': [error],
        '"was claim"': [],
        "den*": [error],
        "rechnung": [text],
        "4711": [text],
        "-denied": [text],
        "CLAIM-77": [error],
        "intake": [text, error],
        "it's": [],
        "o'*": [],
    }.items():
        assert found(caller, words) == expected, words


@pytest.mark.parametrize(
    "sort", ["-created", "created", "-started", "started", "-duration", "duration", "ended", "-ended"]
)
def test_pages_neither_skip_nor_repeat_a_run(caller: Caller, sort: str) -> None:
    everything = [ended(caller) for _ in range(7)]
    seen = paged(caller.conn, caller.tenant.org_id, "status:completed", sort=sort, limit=2)
    assert sorted(seen) == sorted(everything)
    if sort.endswith("created"):
        assert seen == sorted(everything, reverse=sort == "-created")


def test_a_token_of_another_filter_is_refused(caller: Caller) -> None:
    for _ in range(3):
        ended(caller)
    page = perform(caller.conn, find_runs(parsed("status:completed"), limit=1), org_id=caller.tenant.org_id)
    assert page.next
    for asked in (
        {"query": parsed("status:failed")},
        {"query": parsed("status:completed"), "sort": "created"},
    ):
        with pytest.raises(BadArgument, match="another filter"):
            find_runs(**asked, after=page.next)
    for nonsense in ("x", "", "e30", "W10", "WzEsMiwzXQ"):
        with pytest.raises(BadArgument, match="no token"):
            find_runs(parsed(""), after=nonsense)


def test_a_search_that_runs_out_of_time_says_how_far_it_came_and_goes_on(caller: Caller) -> None:
    caller.conn.execute(
        "insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, status, channel, started_at, driver, external_id)"
        " select mainstem.new_run_id(mainstem.clock() - n * interval '1 ms'), %s, %s, 'running', 'web', mainstem.clock(), 'caller', 'n' || n"
        "   from generate_series(1, 7500) n",
        [caller.tenant.org_id, caller.tenant.workflow_id],
    )
    asked: dict[str, Any] = {"query": parsed("ext:*7400"), "budget": 0.0, "limit": 5}
    page = perform(caller.conn, find_runs(**asked), org_id=caller.tenant.org_id)
    assert (page.runs, page.searched_back_to is not None) == ([], True)
    pages = 1
    runs = []
    while page.next is not None:
        page = perform(caller.conn, find_runs(**asked, after=page.next), org_id=caller.tenant.org_id)
        runs += page.runs
        pages += 1
    assert [run.external_id for run in runs] == ["n7400"]
    assert pages < 20
    count = perform(caller.conn, count_runs(parsed(""), budget=0.0), org_id=caller.tenant.org_id)
    assert count.relation == "gte"
    assert 4900 < count.value <= 5001  # the first window, which other tenants' runs may take a place of


def test_counts_facets_and_histogram_are_of_what_the_filter_finds(caller: Caller) -> None:
    for ending in ("completed", "completed", "failed"):
        ended(caller, ending, "why")
    caller.start_run(channel="voice")
    org = caller.tenant.org_id
    assert perform(caller.conn, count_runs(parsed("is:over")), org_id=org).value == 3
    facets = perform(caller.conn, facets_of_runs(parsed("")), org_id=org)
    assert [(one.value, one.count) for one in facets.status] == [
        ("completed", 2),
        ("failed", 1),
        ("running", 1),
    ]
    assert [(one.value, one.count) for one in facets.channel] == [("web", 3), ("voice", 1)]
    assert [one.value for one in facets.workflow] == ["intake"]
    histogram = perform(caller.conn, histogram_of_runs(parsed(""), buckets=4), org_id=org)
    assert [
        sum(getattr(bucket, name) for bucket in histogram.buckets) for name in ("completed", "failed", "open")
    ] == [2, 1, 1]
    assert perform(caller.conn, facets_of_runs(parsed("status:timeout")), org_id=org).counted.value == 0


def test_nobody_finds_what_is_another_tenants(caller: Caller, stranger: Caller) -> None:
    run_id = ended(caller, plan="gold")
    for text in (
        "",
        f"id:{run_id}",
        "ctx.plan:gold",
        "gold",
        "workflow:intake",
        "node:Read",
        "-ctx.plan:gold",
    ):
        assert found(stranger, text) == []
    assert perform(stranger.conn, count_runs(parsed("")), org_id=stranger.tenant.org_id).value == 0


@pytest.mark.parametrize(
    "terms",
    ['[{"on": "status; drop"}]', '[{"on": "status", "any": [[{"op": "= 1 or", "value": "x"}]]}]', '[{"on": "is", "any": [[{"value": "x"}]]}]',
     "[{}]", '[{"on": "status", "any": [[{"op": "="}]]}]'],
)  # fmt: skip
def test_terms_that_no_filter_gives_are_refused(caller: Caller, terms: str) -> None:
    assert caller.refusal("find_workflow_runs", terms) == "MS010"


def test_the_error_of_a_filter_is_one_of_an_argument() -> None:
    assert issubclass(FilterUnreadable, BadArgument)


@pytest.mark.parametrize("text", ["abgelehnt", "ctx.claim:7", "ext:OLD-7", "-nothing abgel*"])
def test_what_an_index_of_sealed_leaves_has_is_found_there_and_in_hot_ones(
    database: Database, text: str
) -> None:
    tenant = make_tenant(database)
    for at, status in (("2021-03-10", "completed"), ("2021-05-10", "completed"), (None, "completed")):
        database.rows("select mainstem.ensure_workflow_leaf(coalesce(%s::timestamptz, mainstem.clock()))", at)
        database.rows(
            "insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, status, channel, started_at, ended_at, driver, external_id,"
            " context, output_data) select mainstem.new_run_id(t), %s, %s, %s, 'web', t, t, 'caller', 'OLD-7', '{\"claim\": 7}', '\"abgelehnt\"'"
            " from coalesce(%s::timestamptz, mainstem.clock()) t returning 1",
            tenant.org_id, tenant.workflow_id, status, at,
        )  # fmt: skip
    owner = database.connect("mainstem_owner", None)
    owner.autocommit = True
    for leaf in leaves(owner):
        if leaf.due == "seal":
            seal(owner, leaf)
    app = database.connect("mainstem_app", tenant.org_id)
    whole = perform(app, find_runs(parsed(text)), org_id=tenant.org_id)
    assert ([run.created_at.year >= 2021 for run in whole.runs], whole.searched_back_to) == ([True] * 3, None)
    assert paged(app, tenant.org_id, text, limit=1, budget=0.0) == [run.run_id for run in whole.runs]


@pytest.mark.parametrize(
    "reach",
    [
        "null::uuid",
        "'00000000-0000-0000-0000-000000000000'::uuid",
        "mainstem._leaf_below(least(upper, mainstem.first_id_at(mainstem.clock())))",
    ],
    ids=["windows", "all", "leaves"],
)
def test_pages_are_the_same_whether_windows_are_looked_through_or_a_leaf_at_once_or_all(
    database: Database, reach: str
) -> None:
    tenant = make_tenant(database)
    for at in ("2021-03-10", "2021-05-10", None):
        database.rows("select mainstem.ensure_workflow_leaf(coalesce(%s::timestamptz, mainstem.clock()))", at)
        database.rows(
            "insert into mainstem.user_workflow_run (run_id, org_id, workflow_id, status, channel, started_at, ended_at, error_message, driver)"
            " select mainstem.new_run_id(at), %s, %s, case n %% 2 when 0 then 'failed' else 'completed' end, 'web', at, at, 'why', 'caller'"
            " from generate_series(1, 10) n, lateral (select coalesce(%s::timestamptz, mainstem.clock()) - n * interval '1 s' as at) t returning 1",
            tenant.org_id, tenant.workflow_id, at,
        )  # fmt: skip
    database.connect(role=None).execute(
        "create or replace function mainstem._looked_through_to(query text, org uuid, upper uuid) returns uuid"
        f" language sql volatile return {reach}"
    )
    failed = database.value(
        "select array_agg(run_id order by run_id desc) from mainstem.user_workflow_run where status = 'failed'"
    )
    app = database.connect("mainstem_app", tenant.org_id)
    assert len(failed) == 15
    assert paged(app, tenant.org_id, "status:failed workflow:intake", limit=4) == failed
