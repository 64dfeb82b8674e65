"""What keeps a step's function from running where it was to run."""

from __future__ import annotations

from mainstem.errors.ledger import ProgramError


class ExecutorLost(ProgramError, code="MS331"):
    """What ran the step's function is gone: its process was killed, its host is lost. The next attempt gets another."""


class ExecutorMissing(ProgramError, code="MS332"):
    """This worker has no executor of the name that the step asks for, or what that one needs is not installed."""


class ResourcesMissing(ProgramError, code="MS333"):
    """The step asks for more than its executor has in all: waiting would not help."""


class StepNotFound(ProgramError, code="MS334"):
    """A step's function cannot be found by its module and name, as another process has to find it."""
