"""Spans of time as they are typed."""

from __future__ import annotations

import re
from datetime import timedelta

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Span(click.ParamType[timedelta]):
    """`90s`, `15m`, `2h`, `3d`, `1w`."""

    name = "span"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        if not (found := re.fullmatch(r"(\d{1,9})([smhdw])", value)):
            self.fail(f"{value!r} is no span of time: 90s, 15m, 2h, 3d or 1w", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
