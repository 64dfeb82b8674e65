"""docs/tutorials: each page is typed as it stands, and prints what it shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from documented import DOCS, blocks_of, is_shown
from typist import Forker, Typist, perform

from conditions import one_server
from conftest import Database

__all__ = ["one_server"]

PAGES = sorted((DOCS / "tutorials").glob("*.md"))
THEIRS = {"from-celery": 1, "from-dbos": 2}
"""Blocks of other systems' code and SQL, which are not run here."""
WORDS_A_MINUTE = 200


def named(page: Path) -> str:
    return page.stem


@pytest.fixture(scope="module")
def forker() -> Iterator[Forker]:
    starting = Forker()
    yield starting
    starting.close()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_tutorial_does_what_it_shows(
    page: Path, forker: Forker, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place := tmp_path / "here").mkdir()
    monkeypatch.chdir(place)
    typist = Typist(place, database.url, forker)
    try:
        perform(blocks_of(page), typist)
    finally:
        typist.stop()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_tutorial_shows_commands_files_and_what_is_printed(page: Path) -> None:
    blocks = blocks_of(page)
    ours = [block for block in blocks if not block.mark]
    assert [block.place for block in blocks if block.mark not in ("", "theirs")] == []
    assert {block.language for block in ours} >= {"sh", "python", "text"}
    assert [block.place for block in ours if block.language == "python" and block.file is None] == []
    assert len(blocks) - len(ours) == THEIRS.get(page.stem, 0)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_tutorial_is_read_in_ten_minutes_and_found_from_the_readme(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    prose = text.split("```")[::2]
    assert len(" ".join(prose).split()) < 10 * WORDS_A_MINUTE
    assert f"(docs/tutorials/{page.name})" in (DOCS.parent / "README.md").read_text(encoding="utf-8")


def test_code_of_others_is_python() -> None:
    theirs = [block for page in PAGES for block in blocks_of(page) if block.mark == "theirs"]
    assert len(theirs) == sum(THEIRS.values())
    for block in theirs:
        if block.language == "python":
            compile(block.text, block.place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_what_differs_by_more_than_an_id_or_a_time_is_found() -> None:
    shown = "01a1f118-f356-7588-91f7-88e91e000000  completed  1.2 s  2026-11-21 09:00:00"
    assert is_shown(shown, "01a1fea9-f833-799e-acd5-e27c99000000  completed  12 ms  2027-01-02 10:00:00\n")
    assert not is_shown(
        shown, "01a1fea9-f833-799e-acd5-e27c99000000  failed     12 ms  2027-01-02 10:00:00\n"
    )
    assert not is_shown("one", "one\ntwo")
    assert is_shown("one\n…", "one\ntwo\nthree")
