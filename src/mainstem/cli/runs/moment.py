"""Moments: a time as it is typed, of the clock or so long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[datetime]):
    """`2026-03-01`, `2026-03-01T09:30`, with or without an offset, or `90s`, `15m`, `2h`, `3d`, `1w` ago."""

    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        if ago := re.fullmatch(r"(\d+)([smhdw])", value):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        try:
            return datetime.fromisoformat(value).astimezone()  # without an offset it is this machine's time
        except ValueError:
            self.fail(
                f"{value!r} is no time: 2026-03-01, 2026-03-01T09:30Z, or 2h for two hours ago", param, ctx
            )
