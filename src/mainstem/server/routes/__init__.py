"""Routes under /api/v1: one resource a file. A route parses, asks the ledger once, and answers."""

from mainstem.server.routes import (
    analytics,
    audit,
    configs,
    consolidations,
    definitions,
    home,
    keys,
    live,
    migrations,
    operations,
    runs,
    runs_asked,
    runs_found,
    workflows,
)

ROUTERS = [runs_found.router]  # before runs: /runs/count is no id of one
ROUTERS += [runs.router, runs_asked.router, live.router]
ROUTERS += [definitions.router, workflows.router, configs.router, analytics.router, home.router]
ROUTERS += [consolidations.router, migrations.router, operations.router]
ROUTERS += [keys.router, audit.router]
