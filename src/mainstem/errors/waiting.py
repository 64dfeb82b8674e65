"""What goes wrong where a run waits for a person."""

from __future__ import annotations

from mainstem.errors.ledger import ProgramError, ValueRefused


class ApprovalTimedOut(ProgramError, code="MS321"):
    """Nobody answered an approval before its deadline."""


class AnswerRefused(ValueRefused, code="MS322"):
    """An answer does not fit the form of its approval; the message names each fault with its place. Nothing was written."""
