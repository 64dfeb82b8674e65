"""Routes under /api/v1: one resource a file. A route parses, asks the ledger once, and answers."""

from mainstem.server.routes import runs, runs_asked, runs_found

ROUTERS = [
    runs_found.router,  # before runs: /runs/count is no id of one
    runs.router,
    runs_asked.router,
]
