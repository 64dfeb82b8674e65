"""Routes under /api/v1: one resource a file. A route parses, asks the ledger once, and answers."""

from mainstem.server.routes import audit, keys, runs

ROUTERS = [
    runs.router,
    keys.router,
    audit.router,
]
