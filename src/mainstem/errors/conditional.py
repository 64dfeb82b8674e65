"""What a change is refused for that names no state it was made from, or one that is past."""

from __future__ import annotations

from mainstem.errors.root import MainstemError


class ConditionError(MainstemError, exit_code=4):
    """A change must say which state it changes."""


class PreconditionRequired(ConditionError, code="MS611"):
    """The change has no `If-Match`: whoever read before it was changed would overwrite it unseen."""


class PreconditionFailed(ConditionError, code="MS612"):
    """Somebody changed it since it was read. Read it again, and change that."""
