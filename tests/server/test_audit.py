"""The audit trail: every change made through the server, whatever route made it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from asked import ask
from cases import Seeded, body_of, every_case, seeded_database, url_of

from conftest import Database
from mainstem.ledger import audit, keys, maintenance
from mainstem.ledger.audit import Audit
from mainstem.ledger.call import perform
from mainstem.ledger.keys import mint
from mainstem.ledger.redaction import MASK
from mainstem.model import DEFAULT_ORG
from mainstem.server.caller import Access, Caller
from serving import running


async def test_every_change_leaves_a_line_with_its_caller(server_url: str) -> None:
    with seeded_database(server_url) as seeded:
        silent = []
        async with running(seeded.url, open_to_all=False) as app:
            for case in [case for case in every_case() if case.is_change and not case.changes_elsewhere]:
                before = lines(seeded)
                await ask(
                    app,
                    case.method,
                    url_of(case, case.ids(seeded)),
                    key=seeded.key(seeded.a, Access.ADMIN),
                    body=body_of(case, seeded),
                    headers={**case.headers, "X-Request-Id": "request-7"},
                )
                written = lines(seeded)[len(before) :]
                if {line[:2] for line in written} != {(seeded.a["admin_key"], "request-7")}:
                    silent.append((case.method, case.path, written))
        assert silent == []


async def test_a_new_tenant_s_trail_begins_with_who_made_it(server_url: str) -> None:
    with seeded_database(server_url) as seeded:
        async with running(seeded.url, open_to_all=False, org_id=seeded.a["org"]) as app:
            key = seeded.key(seeded.a, Access.ADMIN)
            made = await ask(app, "POST", "/api/v1/organizations", key=key, body={"name": "north"})
        found = seeded.superuser.execute(
            "select key_id, action from mainstem.user_workflow_audit where org_id = %s", [made.json["org_id"]]
        )
        assert found.fetchall() == [(seeded.a["admin_key"], "organizations.create")]


def lines(seeded: Seeded) -> list[tuple[object, ...]]:
    return list(
        seeded.superuser.execute(
            "select key_id, request_id, action, target from mainstem.user_workflow_audit where org_id = %s order by at",
            [seeded.a["org"]],
        ).fetchall()
    )


async def test_a_change_that_is_refused_leaves_no_line_and_a_line_that_is_refused_no_change(
    database: Database,
) -> None:
    async with running(database.url) as app:
        missing = "00000000-0000-7000-8000-00000000dead"
        assert (await ask(app, "POST", f"/api/v1/keys/{missing}/revoke")).status == 404
        assert database.value("select count(*) from mainstem.user_workflow_audit") == 0
        database.connect(None, None).execute(
            "alter table mainstem.user_workflow_audit add constraint full_up check (false) not valid"
        )
        answer = await ask(app, "POST", "/api/v1/keys", body={"name": "unwritten"})
        assert answer.status == 500
        assert answer.is_problem
        assert database.value("select count(*) from mainstem.user_api_key") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "update mainstem.user_workflow_audit set action = 'nothing'",
        "delete from mainstem.user_workflow_audit",
        "truncate mainstem.user_workflow_audit",
        "update mainstem.user_workflow_audit set at = '2020-01-01'",
    ],
)
def test_a_server_adds_to_the_trail_and_does_nothing_else_to_it(database: Database, statement: str) -> None:
    database.perform(audit.write(Audit(actor="ms_", action="keys.create", target="key")))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.connect().execute(statement)


async def test_the_trail_is_paged_and_narrowed(database: Database) -> None:
    for number in range(5):
        action = "keys.create" if number % 2 else "keys.revoke"
        database.perform(audit.write(Audit(actor="ms_", action=action, target=str(number))))
    async with running(database.url) as app:
        seen: list[str] = []
        page: dict[str, Any] = {"next": ""}
        while page["next"] is not None:
            token = f"&page_token={page['next']}" if page["next"] else ""
            page = (await ask(app, "GET", f"/api/v1/audit?page_size=2{token}")).json
            seen += [change["target"] for change in page["changes"]]
        assert seen == ["4", "3", "2", "1", "0"]
        found = (await ask(app, "GET", "/api/v1/audit?action=keys.create&target=3")).json["changes"]
        assert [(change["action"], change["target"]) for change in found] == [("keys.create", "3")]


def test_the_trail_goes_with_its_tenants_retention(database: Database) -> None:
    for days in (1, 40):
        database.rows(
            "insert into mainstem.user_workflow_audit (org_id, actor, action, target, at)"
            " values (%s, 'ms_', 'keys.create', %s, now() - make_interval(days => %s)) returning 1",
            DEFAULT_ORG,
            str(days),
            days,
        )
    sweep = maintenance._sweep_audit()
    worker = database.connect("mainstem_worker", None)
    perform(worker, sweep)
    assert database.value("select count(*) from mainstem.user_workflow_audit") == 2
    database.rows("update mainstem.organization set retention_days = 30 returning 1")
    perform(worker, sweep)
    assert database.value("select string_agg(target, ',') from mainstem.user_workflow_audit") == "1"


def test_what_looks_like_a_secret_is_not_written_down(database: Database) -> None:
    key = mint().text
    caller = Caller(DEFAULT_ORG, Access.ADMIN)
    told = caller.did(
        "configs.update",
        "config",
        api_key="x",
        config={"smtp": {"password": "hunter2", "host": "mail"}, "note": f"use {key}"},
        urls=["postgresql://ann:hunter2@db/app"],
    )
    perform(database.connect("mainstem_app", DEFAULT_ORG), audit.write(told), org_id=DEFAULT_ORG)
    assert database.value("select details from mainstem.user_workflow_audit") == {
        "api_key": MASK,
        "config": {"smtp": {"password": MASK, "host": "mail"}, "note": f"use {MASK}"},
        "urls": [f"postgresql{MASK}db/app"],
    }


def test_a_key_that_was_made_is_in_no_representation() -> None:
    minted = keys.mint()
    assert minted.text not in repr(minted)
    assert minted.text not in str(minted)
