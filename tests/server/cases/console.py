"""Cases of the console's files: they are the same for everybody, and need no database."""

from __future__ import annotations

from cases import Case, Seeded
from mainstem.server.access import Access
from mainstem.server.console import DIST


def an_asset(_: Seeded) -> dict[str, str]:
    """One that the build made: `make console` comes before these tests."""
    return {"name": min(path.name for path in (DIST / "assets").iterdir())}


CASES = [
    Case("GET", "/assets/{name}", Access.VIEWER, ids=an_asset, tenantless=True, without_database=True),
    Case(
        "GET",
        "/{path:path}",
        Access.VIEWER,
        ids=lambda _: {"path": "runs"},
        tenantless=True,
        without_database=True,
    ),
]
