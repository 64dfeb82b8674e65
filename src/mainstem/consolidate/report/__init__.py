"""The report: one document that a person can sign, as Markdown and as HTML, from the same facts."""

from mainstem.consolidate.report.facts import (
    Backup,
    Decision,
    Dropped,
    Found,
    Lock,
    Moved,
    Phase,
    Report,
    Return,
    WayBack,
)
from mainstem.consolidate.report.gathering import gathered, inspected_facts
from mainstem.consolidate.report.html import as_html
from mainstem.consolidate.report.markdown import as_markdown

__all__ = [
    "Backup",
    "Decision",
    "Dropped",
    "Found",
    "Lock",
    "Moved",
    "Phase",
    "Report",
    "Return",
    "WayBack",
    "as_html",
    "as_markdown",
    "gathered",
    "inspected_facts",
]
