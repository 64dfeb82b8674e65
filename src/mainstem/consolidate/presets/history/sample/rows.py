"""Ordinary rows, each the same whenever it is made: what the old application wrote on its good days.

Its times are of three kinds: `datetime.now().isoformat()` in the host's zone, which is eight hours behind UTC; a start
that came from elsewhere with its Z; and CURRENT_TIMESTAMP of SQLite, which is UTC.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from mainstem.consolidate.presets.history.sample.schema import DAY, HOUR, Shape

Row = dict[str, Any]

LOCAL = timezone(timedelta(hours=-8))
FIRST = datetime(2025, 11, 2, 17, tzinfo=UTC)
"""Summer time had ended that night: the host was eight hours behind in all that follows."""

HOURLY = 500
"""Rows that follow each other by the hour; those that are grown lie before them, by the minute."""

TEMPLATES = ("adw_sdlc_iso", "adw_plan_build_iso", "adw_plan_build_test_iso", "adw_sdlc_zte_iso", None)
MODELS = ("claude-sonnet-4-5", "sonnet", "opus", "haiku", None)
PHASES = ("plan", "build", "test", "review", "document", "ship")
STATUSES = ("completed",) * 7 + ("failed",) * 2 + ("running", "pending")
WORK = ("Add", "Fix", "Refactor", "Document", "Remove", "Speed up")
THINGS = (
    "the upload form",
    "pagination of the history",
    "the CSV export",
    "websocket reconnects",
    "the cost chart",
)


def ordinary(number: int, shape: Shape) -> Row:
    """The row with this number, counted from 1."""
    drawn = random.Random(f"history {number}")  # noqa: S311 - a sample is to be the same each time
    begun = _begun(number) + timedelta(seconds=drawn.randrange(60), microseconds=drawn.randrange(1, 10**6))
    row = _asked(number, drawn) | _times(number, begun) | _clock(number, begun, shape)
    if row["status"] in {"completed", "failed"}:
        row |= _spent(drawn, row["status"], begun, row["start_time"])
    return row


def _begun(number: int) -> datetime:
    return FIRST + (timedelta(hours=number) if number <= HOURLY else timedelta(minutes=HOURLY - number))


def _asked(number: int, drawn: random.Random) -> Row:
    issue = 20 + number if number % 9 else None
    asked = f"{drawn.choice(WORK)} {drawn.choice(THINGS)}" if number % 8 == 0 else None  # most have none
    return {
        "adw_id": f"{drawn.getrandbits(32):08x}",
        "issue_number": issue,
        "nl_input": asked,
        "github_url": f"https://github.example/acme/webbuilder/issues/{issue}" if issue else None,
        "workflow_template": drawn.choice(TEMPLATES),
        "model_used": drawn.choice(MODELS),
        "status": drawn.choice(STATUSES),
        "worktree_path": f"trees/{number}" if number % 4 else None,
        "backend_port": 9100 + number % 15 if number % 4 else None,
        "frontend_port": 9200 + number % 15 if number % 4 else None,
        "concurrent_workflows": drawn.randrange(4),
        "worktree_reused": int(number % 6 == 0),
        "nl_input_word_count": len(asked.split()) if asked else None,
        "workflow_id": f"wf-{drawn.randbytes(16).hex().upper()}" if number % 2 else None,
        "gh_issue_state": drawn.choice(["open", "closed", None]),
        "steps_total": len(PHASES),
        "phase_count": len(PHASES) if number % 3 == 0 else None,
        "input_hash": f"{drawn.getrandbits(64):016x}" if number % 5 == 0 else None,
    }


def _times(number: int, begun: datetime) -> Row:
    """Sync took start_time for created_at where there was one, else the time of its own clock."""
    local = begun.astimezone(LOCAL).replace(tzinfo=None).isoformat()
    started = (local, local, f"{begun.replace(tzinfo=None).isoformat(timespec='seconds')}Z", None)[number % 4]
    created = started or (f"{begun:%Y-%m-%d %H:%M:%S}" if number % 8 == 3 else local)
    touched = begun + timedelta(minutes=20)
    return {"start_time": started, "created_at": created, "updated_at": f"{touched:%Y-%m-%d %H:%M:%S}"}


def _clock(number: int, begun: datetime, shape: Shape) -> Row:
    """The hour as the text of start_time has it; the older shape never got it, the newer has -1 for unknown."""
    if shape == "submission":
        return {}
    local = begun.astimezone(LOCAL)
    known = number % 4 < 2
    return {HOUR[shape]: local.hour if known else -1, DAY[shape]: local.weekday() if known else -1}


def _spent(drawn: random.Random, status: str, begun: datetime, started: str | None) -> Row:
    seconds = drawn.randrange(40, 5000)
    tokens = {"input_tokens": drawn.randrange(10**5), "output_tokens": drawn.randrange(10**4)}
    tokens |= {"cached_tokens": drawn.randrange(10**5), "cache_hit_tokens": drawn.randrange(10**5)}
    total = tokens["input_tokens"] + tokens["output_tokens"]
    done = len(PHASES) if status == "completed" else drawn.randrange(1, len(PHASES))
    by_phase = {phase: round(drawn.uniform(0.01, 0.9), 4) for phase in PHASES[:done]}
    cost = round(sum(by_phase.values()), 4)
    aware = (started or "").endswith(
        "Z"
    )  # subtracting it from a naive now raised, and the error was swallowed
    ended = {"error_message": f"phase {PHASES[done - 1]} failed", "error_category": "timeout"}
    return {
        **tokens,
        "total_tokens": total,
        "cache_miss_tokens": drawn.randrange(10**4),
        "cache_efficiency_percent": round(drawn.uniform(0, 100), 2),
        "estimated_cost_total": round(cost * 1.3, 4),
        "actual_cost_total": cost,
        "estimated_cost_per_step": cost / len(PHASES),
        "actual_cost_per_step": cost / done,
        "cost_per_token": cost / total if total else 0.0,
        "duration_seconds": seconds if status == "completed" and started and not aware else None,
        "current_phase": PHASES[done - 1],
        "steps_completed": done,
        "success_rate": 100.0 * done / len(PHASES),
        "cost_breakdown": json.dumps(
            {"estimated_total": cost * 1.3, "actual_total": cost, "by_phase": by_phase}
        ),
        "token_breakdown": json.dumps(tokens),
        "structured_input": json.dumps({"issue": begun.day, "plan": {"phases": list(by_phase)}}),
        "cost_efficiency_score": round(drawn.uniform(0, 100), 1),
        "performance_score": round(drawn.uniform(0, 100), 1),
        "complexity_estimated": drawn.choice(["low", "medium", "high"]),
        "complexity_actual": "high" if seconds > 300 else "medium",
        "anomaly_flags": json.dumps(["Cost 2.1x above average"]) if drawn.random() < 0.2 else None,
        "optimization_recommendations": json.dumps(["Use a smaller model"]) if drawn.random() < 0.2 else None,
        **(ended if status == "failed" else {}),
    }
