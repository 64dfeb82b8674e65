"""The document as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from mainstem.consolidate.report.document import Document, Form, Grid, Section, document
from mainstem.consolidate.report.facts import Report

_MARKUP = "\\`*_[]<>#|~"


def as_markdown(report: Report) -> str:
    """The whole document, ending in lines to sign on."""
    return "\n".join(_lines(document(report))).rstrip() + "\n"


def _lines(said: Document) -> Iterator[str]:
    yield from (f"# {plain(said.title)}", "", f"**{plain(said.verdict)}**", "")
    yield from (f"- {name}: {plain(fact)}" for name, fact in said.facts)
    yield ""
    for section in said.sections:
        yield from _section(section)
    yield from ("## Signed", "", f"Digest of all facts above: `{said.digest}`", "")
    for signer in said.signers:
        yield from (f"{plain(signer)}: ______________________________  Date: ______________", "")


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {plain(section.title)}", "")
    for sentence in section.sentences:
        yield from (plain(sentence), "")
    if section.points:
        yield from (f"- {plain(point)}" for point in section.points)
        yield ""
    if section.grid is not None:
        yield from _grid(section.grid)
    if section.command:
        yield from (f"    {section.command}", "")


def _grid(grid: Grid) -> Iterator[str]:
    yield _row([plain(title) for title, _ in grid.columns])
    yield _row(["---:" if form is Form.NUMBER else "---" for _, form in grid.columns])
    for row in grid.rows:
        forms = (form for _, form in grid.columns)
        yield _row([_cell(text, form) for text, form in zip(row, forms, strict=True)])
    yield ""


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str, form: Form) -> str:
    """In a table a bar ends the cell, in code too."""
    if form is Form.CODE and text and not set(text) & {"`", "|", "\n"}:
        return f"`{text}`"
    return plain(text)


def plain(text: str) -> str:
    """Text in which nothing is markup, on one line."""
    line = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in _MARKUP else sign for sign in line)
