"""The document as one HTML page: no script, nothing fetched, made to be printed and signed."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from mainstem.consolidate.report.document import Document, Form, Grid, Section, document
from mainstem.consolidate.report.facts import Report

STYLE = """
@page { size: A4; margin: 18mm 16mm; }
* { box-sizing: border-box; }
html { color-scheme: light; background: #fff; color: #1a1a1a; }
body { max-width: 54rem; margin: 3rem auto; padding: 0 1.5rem; font: 15px/1.55 "Source Serif 4", Charter, Georgia, serif; }
h1, h2, th, .verdict, dt, .signature { font-family: "Inter", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.01em; margin: 0 0 1rem; }
h2 { font-size: 1.02rem; margin: 2.4rem 0 .6rem; padding-top: .7rem; border-top: 1px solid #1a1a1a; break-after: avoid; }
p, ul { margin: .4rem 0; max-width: 42rem; }
.verdict { font-weight: 600; padding: .7rem 1rem; border-left: 4px solid #1d6b3f; background: #f1f7f3; max-width: none; }
.verdict.bad { border-color: #a32020; background: #fbf1f0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 1.2rem 0; }
dt { font-size: .82rem; color: #555; padding-top: .1rem; }
dd { margin: 0; }
table { width: 100%; border-collapse: collapse; font-size: .87rem; line-height: 1.4; margin: .6rem 0; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th { text-align: left; font-size: .74rem; font-weight: 600; color: #555; vertical-align: bottom; }
th, td { padding: .34rem .9rem .34rem 0; border-bottom: 1px solid #d9d9d9; }
td { vertical-align: baseline; overflow-wrap: anywhere; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code, pre { font-family: "JetBrains Mono", "SF Mono", Menlo, Consolas, monospace; font-size: .86em; }
td code { overflow-wrap: anywhere; }
pre { padding: .6rem .9rem; background: #f5f5f4; white-space: pre-wrap; }
.unequal { font-weight: 700; color: #a32020; }
.signed { break-inside: avoid; }
.signatures { display: grid; grid-template-columns: 1fr 1fr; gap: 3.4rem 3rem; margin-top: 3.6rem; }
.signature { border-top: 1px solid #1a1a1a; padding-top: .35rem; font-size: .8rem; color: #555;
  display: flex; justify-content: space-between; }
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 10.5pt; } .verdict, pre { print-color-adjust: exact; } }
"""


def as_html(report: Report) -> str:
    """The whole page."""
    said = document(report)
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(said.title)}</title>\n<style>{STYLE}</style>\n</head>\n"
    )
    return f"{head}<body>\n{''.join(_body(said))}</body>\n</html>\n"


def _body(said: Document) -> Iterator[str]:
    yield f"<h1>{escape(said.title)}</h1>\n"
    yield f'<p class="verdict{"" if said.is_good else " bad"}">{escape(said.verdict)}</p>\n'
    facts = (f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>\n" for name, fact in said.facts)
    yield f"<dl>\n{''.join(facts)}</dl>\n"
    for section in said.sections:
        yield from _section(section)
    yield from _signed(said)


def _section(section: Section) -> Iterator[str]:
    yield f"<section>\n<h2>{escape(section.title)}</h2>\n"
    yield from (f"<p>{escape(sentence)}</p>\n" for sentence in section.sentences)
    if section.points:
        points = "".join(f"<li>{escape(point)}</li>\n" for point in section.points)
        yield f"<ul>\n{points}</ul>\n"
    if section.grid is not None:
        yield from _grid(section.grid)
    if section.command:
        yield f"<pre>{escape(section.command)}</pre>\n"
    yield "</section>\n"


def _grid(grid: Grid) -> Iterator[str]:
    forms = [form for _, form in grid.columns]
    heads = (f'<th scope="col"{_class(form)}>{escape(title)}</th>' for title, form in grid.columns)
    yield f"<table>\n<thead><tr>{''.join(heads)}</tr></thead>\n<tbody>\n"
    for row in grid.rows:
        yield f"<tr>{''.join(_cell(text, form) for text, form in zip(row, forms, strict=True))}</tr>\n"
    yield "</tbody>\n</table>\n"


def _cell(text: str, form: Form) -> str:
    said = escape(text)
    if form is Form.CODE and text:
        said = " ".join(f"<code>{escape(word)}</code>" for word in text.split())
    if text == "NOT EQUAL":
        said = f'<span class="unequal">{said}</span>'
    return f"<td{_class(form)}>{said}</td>"


def _class(form: Form) -> str:
    return ' class="number"' if form is Form.NUMBER else ""


def _signed(said: Document) -> Iterator[str]:
    yield '<section class="signed">\n<h2>Signed</h2>\n'
    yield f"<p>Digest of all facts above: <code>{escape(said.digest)}</code></p>\n"
    lines = (
        f'<div class="signature"><span>{escape(signer)}</span><span>Date</span></div>\n'
        for signer in said.signers
    )
    yield f'<div class="signatures">\n{"".join(lines)}</div>\n</section>\n'
