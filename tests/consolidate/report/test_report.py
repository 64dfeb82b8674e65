"""The document that a person signs."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from mainstem.consolidate.report import (
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
    as_html,
    as_markdown,
)
from mainstem.consolidate.report.document import size, span

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HOSTILE = "a|b `c` <script>alert(1)</script> & **bold** _x_"

REPORT = Report(
    system="rcm",
    source="clinic on db.example, schema public",
    target="clinic on db.example, schema mainstem",
    phase="cut over",
    written_at=AT,
    found=(
        Found("workflow_trace", 2000, 1_500_000, ("3 have ended and say running",)),
        Found("workflow_steps", 21_344, 40_000_000),
    ),
    decided=(
        Decision("Which organization owns workflows that name none?", "the default one", "R. Ames", AT),
    ),
    moved=(
        Moved("workflow_trace", "run", 2000, 2000, "9f" * 32, "9f" * 32, 2),
        Moved("workflow_steps", "step", 21_344, 21_344, "1c" * 32, "1c" * 32),
    ),
    dropped=(Dropped("workflow_trace.row_hash", "nothing reads it", 17),),
    phases=(
        Phase("copy", AT, timedelta(minutes=3, seconds=7)),
        Phase("cutover", AT, timedelta(milliseconds=61), 2),
    ),
    locks=(Lock("workflow_trace, workflow_steps", "ACCESS EXCLUSIVE", timedelta(milliseconds=47)),),
    backup=Backup("/backups/clinic.dump", 12_000_000, AT, AT, digests_equal=True),
    way_back=WayBack(Return.LOSSLESS, "mainstem consolidate rollback rcm", AT + timedelta(days=14)),
    limits=("COPY into an old name",),
)
FORMS = {"markdown": as_markdown, "html": as_html}
forms = pytest.mark.parametrize("form", FORMS)


@forms
def test_both_forms_say_every_fact(form: str) -> None:
    text = FORMS[form](REPORT)
    for fact in (
        "Consolidation of rcm",
        "Proved: all 23,344 rows of 2 tables can be rebuilt, equal, from what they became.",
        "3 have ended and say running",
        "R. Ames",
        "21,344",
        "9f" * 32,
        "nothing reads it",
        "3 min 07 s",
        "47 ms",
        "ACCESS EXCLUSIVE",
        "its digests are equal",
        "COPY into an old name",
        "until 2026-12-05 09:30:00 UTC",
        "mainstem consolidate rollback rcm",
        "For the operation",
        REPORT.digest,
    ):
        assert fact in text


@forms
def test_a_table_that_did_not_come_back_equal_is_the_first_thing_one_reads(form: str) -> None:
    broken = replace(REPORT, moved=(*REPORT.moved, Moved("workflow_events", "elements", 5, 4, "aa", "bb")))
    text = FORMS[form](broken)
    assert "NOT EQUAL" in text
    assert text.index("Not proved") < text.index("Found")
    assert "Proved:" not in text
    assert not broken.is_proved


@forms
def test_what_there_is_nothing_of_is_said(form: str) -> None:
    empty = Report(
        system="x",
        source="a",
        target="b",
        phase="planned",
        written_at=AT,
        way_back=WayBack(Return.RESTORE, ""),
    )
    text = FORMS[form](empty)
    for sentence in (
        "Nothing has been moved yet.",
        "No decision was needed.",
        "None was taken.",
        "Nothing: every column has a place.",
        "what was written since is lost",
    ):
        assert sentence in text


@forms
def test_a_backup_that_was_never_restored_proves_nothing(form: str) -> None:
    text = FORMS[form](replace(REPORT, backup=Backup("/backups/clinic.dump", 12, AT)))
    assert "nothing proves it" in text
    assert "digests are equal" not in text


def test_the_digest_is_that_of_every_fact() -> None:
    changed: dict[str, Any] = {
        field.name: () for field in fields(Report) if field.name not in ("way_back", "written_at", "backup")
    }
    changed |= {"way_back": WayBack(Return.LOSSY, "x"), "written_at": AT + timedelta(1), "backup": None}
    digests = {replace(REPORT, **{name: value}).digest for name, value in changed.items()}
    assert len(digests | {REPORT.digest}) == len(fields(Report)) + 1
    assert replace(REPORT).digest == REPORT.digest


class Page(HTMLParser):
    """The elements of a page, which must be closed as they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[str] = []
        self.said: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [tag, *(name for name, _ in attrs)]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def hostile() -> Report:
    return replace(
        REPORT,
        system=HOSTILE,
        found=(Found(HOSTILE, 1, 1, (HOSTILE,)),),
        decided=(Decision(HOSTILE, HOSTILE),),
        moved=(Moved(HOSTILE, HOSTILE, 1, 2, "a", "b"),),
        limits=(HOSTILE,),
        way_back=WayBack(Return.LOSSY, HOSTILE, None, (HOSTILE,)),
        signers=(HOSTILE,),
    )


def test_the_page_is_whole_has_no_script_and_fetches_nothing() -> None:
    page = Page(as_html(hostile()))
    assert page.open == []
    assert {"script", "link", "img", "src", "href", "onclick", "b", "c"} & set(page.seen) == set()
    assert any(HOSTILE in said for said in page.said)


def test_no_name_breaks_a_table_of_the_markdown() -> None:
    lines = as_markdown(hostile()).splitlines()
    rows = [line for line in lines if line.startswith("| a")]
    assert rows
    for row in rows:
        assert row.replace("\\|", "").count("|") in (5, 8)
    assert not any("<script>" in line.replace("\\<", "") for line in lines if not line.startswith("    "))


@pytest.mark.parametrize(
    ("took", "said"),
    [
        (timedelta(milliseconds=3), "3 ms"),
        (timedelta(seconds=59.96), "60.0 s"),
        (timedelta(seconds=3599.7), "1 h 00 min"),
        (timedelta(days=1, hours=2, minutes=5), "26 h 05 min"),
    ],
)
def test_durations_read_well(took: timedelta, said: str) -> None:
    assert span(took) == said


def test_sizes_read_well() -> None:
    assert [size(count) for count in (0, 1023, 1024, 5 << 20, 3 << 30)] == [
        "0 bytes", "1,023 bytes", "1 KiB", "5 MiB", "3.0 GiB"
    ]  # fmt: skip
