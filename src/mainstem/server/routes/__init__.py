"""Routes under /api/v1: one resource a file. A route parses, asks the ledger once, and answers."""

from mainstem.server.routes import live, runs

ROUTERS = [runs.router, live.router]
