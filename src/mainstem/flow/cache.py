"""Caches: how long a step's result stands for the same input, and for whom."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from mainstem.flow.values import dumped

Scope = Literal["tenant", "workflow", "run"]


@dataclass(frozen=True, slots=True)
class Cache:
    """A step with this gives a result again that it, or the same step of another run, gave for the same input.

    ttl: how long, from when it was recorded (seconds, or a timedelta). key: what of the input counts, as a function of
    the step's own arguments; all of it when None. scope: who shares it: all runs of the tenant, those of the same
    workflow, or only the calls within one run. version: raised by who changes the function, so that nobody is given
    what the old one made.
    """

    ttl: float | timedelta
    key: Callable[..., Any] | None = None
    scope: Scope = "tenant"
    version: int = 1

    def __post_init__(self) -> None:
        if self.seconds <= 0:
            raise ValueError(f"a cached result stands for some time, not for {self.seconds:g} seconds")
        if self.scope not in ("tenant", "workflow", "run"):
            raise ValueError(f"a cache is shared by the tenant, a workflow or a run, not by {self.scope!r}")

    @property
    def seconds(self) -> float:
        return self.ttl.total_seconds() if isinstance(self.ttl, timedelta) else float(self.ttl)

    def digest(self, step: Mapping[str, Any], named: Mapping[str, Any]) -> str:
        """The name of a result in hexadecimal. step: what tells its step from others; named: the arguments by name."""
        counts = self.key(**named) if self.key else dict(sorted(named.items()))
        text = dumped(
            {"step": step, "version": self.version, "of": counts}, "the key under which a result is cached"
        )
        return hashlib.sha256(text).hexdigest()
