"""Routes under /api/v1: one resource a file. A route parses, asks the ledger once, and answers."""

from mainstem.server.routes import (
    amending,
    analytics,
    approvals,
    audit,
    breakpoints,
    cache,
    configs,
    consolidations,
    definitions,
    home,
    keys,
    live,
    migrations,
    operations,
    queues,
    runs,
    runs_asked,
    runs_found,
    schedules,
    signals,
    workflows,
)

ROUTERS = [runs_found.router]  # before runs: /runs/count is no id of one
ROUTERS += [amending.router, breakpoints.router]
ROUTERS += [runs.router, runs_asked.router, live.router]
ROUTERS += [approvals.router, signals.router]
ROUTERS += [definitions.router, workflows.router, configs.router, analytics.router, home.router]
ROUTERS += [consolidations.router, migrations.router, operations.router]
ROUTERS += [schedules.router, queues.router]
ROUTERS += [keys.router, audit.router]
ROUTERS += [cache.router]
