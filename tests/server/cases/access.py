"""Cases of keys, the audit trail, the step cache, and what is there for who operates a server."""

from __future__ import annotations

from cases import Case
from mainstem.server.access import Access

CASES = [
    Case("GET", "/api/v1/me", Access.VIEWER, without_database=True),
    Case("GET", "/api/v1/keys", Access.ADMIN),
    Case(
        "POST", "/api/v1/keys", Access.ADMIN, body={"name": "nightly import", "role": "operator", "days": 90}
    ),
    Case(
        "POST",
        "/api/v1/keys/{key_id}/revoke",
        Access.ADMIN,
        ids=lambda seeded: {"key_id": str(seeded.a["spare_key"])},
    ),
    Case("GET", "/api/v1/audit", Access.ADMIN),
    Case("GET", "/api/v1/cache", Access.VIEWER),
    Case("DELETE", "/api/v1/cache", Access.OPERATOR, ids=lambda _: {"step": "read"}),
    Case("GET", "/metrics", Access.ADMIN, without_database=True),
    Case("GET", "/healthz", Access.VIEWER, tenantless=True, without_database=True),
    Case("GET", "/readyz", Access.VIEWER, tenantless=True),
    Case("GET", "/version", Access.VIEWER, tenantless=True, without_database=True),
    Case(
        "GET",
        "/problems/{code}",
        Access.VIEWER,
        ids=lambda _: {"code": "MS001"},
        tenantless=True,
        without_database=True,
    ),
    Case("GET", "/docs", Access.VIEWER, tenantless=True, without_database=True),
    Case(
        "GET",
        "/docs/{name}",
        Access.VIEWER,
        ids=lambda _: {"name": "docs.js"},
        tenantless=True,
        without_database=True,
    ),
    Case("GET", "/openapi.json", Access.VIEWER, tenantless=True, without_database=True),
]
