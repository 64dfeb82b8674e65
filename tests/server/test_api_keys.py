"""API keys: made once, kept as a hash, refused when they are over."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from asked import ask
from hypothesis import given
from hypothesis import strategies as st

from conftest import Clock, Database, Tenant
from mainstem.errors import BadArgument, NotFound
from mainstem.ledger import keys
from mainstem.model import DEFAULT_ORG
from mainstem.server.access import Access
from serving import running


def test_the_roles_of_the_table_of_keys_and_of_the_server_are_the_same(database: Database) -> None:
    check = database.value(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'key_role_is_known'"
    )
    assert tuple(re.findall(r"'(\w+)'", check)) == keys.ROLES == tuple(role.role for role in Access)


@given(st.integers(0, 47), st.characters(codec="ascii"))
def test_a_key_with_one_letter_changed_is_no_key(place: int, letter: str) -> None:
    text = keys.mint().text
    changed = text[:place] + letter + text[place + 1 :]
    assert (keys.digest_of(changed) is None) == (changed != text)


def test_a_key_is_kept_as_a_hash_alone(database: Database) -> None:
    minted = keys.mint()
    database.perform(keys.create_key(minted, name="import", role="viewer"))
    row = database.value("select k::text from mainstem.user_api_key k")
    assert minted.prefix in row
    assert minted.digest.hex() in row
    assert minted.text.removeprefix(minted.prefix)[1:20] not in row


@pytest.mark.parametrize(("role", "days"), [("owner", None), ("admin", 0), ("admin", keys.LONGEST + 1)])
def test_a_key_of_no_known_role_or_no_sensible_life_is_not_made(role: str, days: int | None) -> None:
    with pytest.raises(BadArgument):
        keys.create_key(keys.mint(), name="import", role=role, days=days)


def test_a_key_for_another_tenants_user_is_not_made(database: Database, other_tenant: Tenant) -> None:
    with pytest.raises(NotFound):
        database.perform(
            keys.create_key(keys.mint(), name="import", role="viewer", user_id=other_tenant.user_id)
        )


async def test_a_key_opens_until_it_expires_or_is_revoked(database: Database, clock: Clock) -> None:
    async with running(database.url) as app:
        made = (await ask(app, "POST", "/api/v1/keys", body={"name": "import", "days": 2})).json
        assert made["role"] == "viewer"
        assert (await ask(app, "GET", "/api/v1/me", key=made["key"])).json["name"] == made["prefix"]
        clock.advance(days=2)
        assert (await ask(app, "GET", "/api/v1/me", key=made["key"])).status == 401
        lasting = (await ask(app, "POST", "/api/v1/keys", body={"name": "import"})).json
        assert (await ask(app, "GET", "/api/v1/me", key=lasting["key"])).status == 200
        revoked = (await ask(app, "POST", f"/api/v1/keys/{lasting['key_id']}/revoke")).json
        assert (await ask(app, "GET", "/api/v1/me", key=lasting["key"])).status == 401
        again = (await ask(app, "POST", f"/api/v1/keys/{lasting['key_id']}/revoke")).json
        assert again["revoked_at"] == revoked["revoked_at"]


async def test_that_a_key_was_used_is_written_once_a_minute(database: Database, clock: Clock) -> None:
    minted = keys.mint()
    database.perform(keys.create_key(minted, name="import", role="viewer"))
    used = []
    async with running(database.url) as app:
        for seconds in (0, 30, 31):
            clock.advance(seconds=seconds)
            await ask(app, "GET", "/api/v1/me", key=minted.text)
            used.append(database.value("select last_used_at from mainstem.user_api_key"))
    assert used[0] == used[1]
    assert used[2] - used[0] > timedelta(seconds=60)


async def test_a_key_opens_on_a_database_that_takes_no_writes(database: Database) -> None:
    minted = keys.mint()
    database.perform(keys.create_key(minted, name="import", role="viewer"))
    name = database.value("select current_database()")
    database.connect(None, None).execute(f"alter database {name} set default_transaction_read_only = on")
    async with running(database.url) as app:
        assert (await ask(app, "GET", "/api/v1/me", key=minted.text)).status == 200


def test_a_hash_that_two_tenants_have_opens_neither(database: Database, other_tenant: Tenant) -> None:
    """A tenant may write what it likes into its own rows; it gets nobody's callers by that."""
    minted = keys.mint()
    for org in (DEFAULT_ORG, other_tenant.org_id):
        database.perform(keys.create_key(minted, name="import", role="admin"), org_id=org)
    assert database.perform(keys.holder_of(minted.digest), org_id=None) is None


async def test_a_key_is_in_no_log_and_in_no_answer_but_the_first(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(database.url, budget=0.2) as app:
        made = (await ask(app, "POST", "/api/v1/keys", body={"name": "import", "role": "admin"})).json
        key = made["key"]
        answers = [
            await ask(app, "GET", path, key=sent, headers=headers)
            for path in ("/api/v1/keys", "/api/v1/audit", f"/api/v1/runs?page_token={key}", f"/api/v1/{key}")
            for sent, headers in ((key, {}), (key + "x", {}), (None, {"x-request-id": key}))
        ]
        database.connect(None, None).execute("drop table mainstem.user_workflow_audit")
        answers.append(await ask(app, "GET", "/api/v1/audit", key=key))
    secret = key.split("_")[2]
    assert [answer.text for answer in answers if secret in answer.text + str(answer.headers)] == []
    assert secret not in caplog.text
    assert secret not in str(database.rows("select a::text from mainstem.user_api_key a"))
