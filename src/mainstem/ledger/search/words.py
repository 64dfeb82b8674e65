"""Words: every key of the filter language, what it takes, and how it is used. Pages and messages are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mainstem.model import RunStatus


class Kind(Enum):
    """What the values of a key are."""

    TEXT = "a text; `*` stands for anything"
    WORDING = "a part of a text, in any case"
    CHOICE = "one of a list"
    NUMBER = "a whole number"
    DURATION = "a duration: 500ms, 30s, 5m, 2h, 1d"
    TIME = "a time: 2026-11-01, 2026-11-01T09:30Z, or -24h for 24 hours ago"
    ID = "an id"
    JSON = 'a JSON value: 123, true, null, text, "quoted text"; `*` stands for anything'

    @property
    def has_order(self) -> bool:
        """Whether >, >=, <, <= and low..high make sense."""
        return self in (Kind.NUMBER, Kind.DURATION, Kind.TIME, Kind.JSON)


@dataclass(frozen=True, slots=True)
class Key:
    """One key. choices: all that a CHOICE takes."""

    name: str
    kind: Kind
    says: str
    examples: tuple[str, ...]
    choices: tuple[str, ...] = ()

    @property
    def operators(self) -> tuple[str, ...]:
        """How its values are written."""
        return ("=", ">", ">=", "<", "<=", "..") if self.kind.has_order else ("=",)


_KEYS = (
    Key("id", Kind.ID, "the run's id, or that of one of its steps", ("id:01a1f118-f356-7588-91f7-88e91e000000",)),
    Key("status", Kind.CHOICE, "the run's state", ("status:failed", "status:failed,timeout", "-status:completed"),
        tuple(status.value for status in RunStatus)),
    Key("workflow", Kind.TEXT, "the workflow's name", ('workflow:"claim intake"', "workflow:claim*")),
    Key("channel", Kind.TEXT, "where it came from", ("channel:voice", "channel:voice,efax")),
    Key("version", Kind.NUMBER, "the workflow's version that it began with", ("version:3", "version:>=2")),
    Key("ext", Kind.TEXT, "the caller's own id for it", ("ext:ABC-1", "ext:ABC-*")),
    Key("tag", Kind.TEXT, "a tag that it has", ("tag:vip", "-tag:test")),
    Key("err", Kind.WORDING, "a part of its error's message", ("err:timeout", 'err:"connection refused"')),
    Key("node", Kind.TEXT, "a step of it: the node's key, or its label", ("node:ocr", "node:read*")),
    Key("created", Kind.TIME, "when it was begun by its caller: the time in its id", ("created:>-24h", "created:2026-11-01")),
    Key("started", Kind.TIME, "when it was first worked on", ("started:>-24h", "started:2026-11-01..2026-11-08")),
    Key("ended", Kind.TIME, "when it was over", ("ended:>2026-11-01T09:30Z",)),
    Key("duration", Kind.DURATION, "from start to end", ("duration:>30s", "duration:1m..5m")),
    Key("retries", Kind.NUMBER, "how often its steps were tried again, in all", ("retries:>0",)),
    Key("steps", Kind.NUMBER, "how many steps it has", ("steps:>=10",)),
    Key("priority", Kind.NUMBER, "its priority", ("priority:>0",)),
    Key("driver", Kind.CHOICE, "who moves it", ("driver:recorded",), ("engine", "caller", "recorded")),
    Key("legacy", Kind.NUMBER, "the number it had before it was consolidated", ("legacy:1001",)),
    Key("is", Kind.CHOICE, "what it is: open (not over), over, a test run, child (begun by a step), fork",
        ("is:test", "-is:test", "is:open"), ("open", "over", "test", "child", "fork")),
    Key("has", Kind.CHOICE, "what it has", ("has:output", "has:screenshots"),
        ("error", "output", "screenshots", "tags", "retries")),
)  # fmt: skip
KEYS = {key.name: key for key in _KEYS}
"""By name, in the order in which they are told."""

DOCUMENTS = {
    "ctx": Key("ctx.", Kind.JSON, "a place in its context", ("ctx.patient.id:123", "ctx.vip:true")),
    "in": Key("in.", Kind.JSON, "a place in its input", ("in.order.total:>100", 'in."first name":Ann')),
    "out": Key("out.", Kind.JSON, "a place in its output", ('out.decision:"denied"', "out.score:0.5..0.9")),
}
"""The roots of paths: a path through a list leads to every element."""

RULES = (
    "Terms stand side by side, and all of them hold: `status:failed channel:voice`.",
    "Values after one key are alternatives: `status:failed,timeout`.",
    "A `-` before a term: it does not hold: `-tag:test`.",
    "`>`, `>=`, `<`, `<=` before a value, and `low..high` with both ends: `duration:>30s`, `started:2026-11-01..2026-11-08`.",
    "Days are UTC, and whole: `created:2026-11-01` is the 1st from its first moment to its last.",
    "What has a space, a colon, a comma or a quote in it stands in double quotes; `\\` goes before a quote and before itself.",
    'All else are words, looked for in external id, error message, workflow name, input, output and context: `denied`, `"claim denied"`, `deni*`.',
)
"""The grammar in sentences."""

EXAMPLES = (
    "status:failed,timeout channel:voice started:>-24h",
    'workflow:"claim intake" version:3 duration:>30s -tag:test',
    "ctx.patient.id:123 in.order.total:>100",
    'node:ocr err:timeout "page 3"',
)
