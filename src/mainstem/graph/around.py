"""What runs beside a branch: whether others can still come to where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mainstem.graph.shape import Shape


@dataclass(frozen=True, slots=True)
class Beside:
    """The branches that began together with one, by the nodes that they began at."""

    path: str
    """Which fork of the run: the same in every replay."""
    starts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """What a branch has beside it, from the outermost fork inwards."""

    path: str = ""
    levels: tuple[Beside, ...] = ()
    won: frozenset[str] = frozenset()
    """Joins that this branch came to first: the others end there."""

    def rivals(self, key: str, shape: Shape) -> str | None:
        """The outermost fork from which others can still come to this node; None when nobody can."""
        return next((level.path for level in self.levels if key in shape.reach(level.starts, self.won)), None)

    def begun(self, fork: str, place: int, starts: Iterable[str]) -> Around:
        """Around one of several branches that begin now."""
        others = tuple(start for n, start in enumerate(starts) if n != place)
        path = f"{fork}.{place}"
        return replace(self, path=path, levels=(*self.levels, Beside(fork, others)))

    def with_won(self, key: str) -> Around:
        return replace(self, won=self.won | {key})
