"""Keys on the command line."""

from __future__ import annotations

import pytest

from conditions import one_server
from conftest import Database, Tenant
from mainstem.ledger.keys import digest_of, holder_of
from typed import Terminal

__all__ = ["one_server"]


@pytest.fixture
def terminal(database: Database) -> Terminal:
    return Terminal(database.url)


def test_a_key_is_made_shown_once_listed_and_revoked(database: Database, terminal: Terminal) -> None:
    [made] = terminal.lines("keys", "create", "import", "--role", "operator", "--days", "90")
    digest = digest_of(made["key"])
    assert digest is not None
    holder = database.perform(holder_of(digest), org_id=None)
    assert holder is not None
    assert (holder.role, str(holder.key_id)) == ("operator", made["key_id"])
    [listed] = terminal.lines("keys", "list")
    assert listed == {name: value for name, value in made.items() if name != "key"} | {
        "last_used_at": listed["last_used_at"]
    }
    [revoked] = terminal.lines("keys", "revoke", made["key_id"])
    assert revoked["revoked_at"]
    assert database.perform(holder_of(digest), org_id=None) is None


def test_standard_output_holds_the_key_alone_so_that_it_can_be_piped(terminal: Terminal) -> None:
    result = terminal.type("keys", "create", "import")
    assert digest_of(result.stdout.strip()) is not None
    assert "mainstem keys revoke" in result.stderr


def test_a_key_of_another_tenant_is_not_there(terminal: Terminal, other_tenant: Tenant) -> None:
    [made] = terminal.lines("--org", str(other_tenant.org_id), "keys", "create", "import")
    assert terminal.lines("keys", "list") == []
    assert terminal.error("keys", "revoke", made["key_id"])[:2] == (3, "MS001")
