"""SQL is read as PostgreSQL reads it: quotations, comments and bodies do not hide or invent statements."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hazards import CASES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mainstem.consolidate.lint import Dialect, lint_text
from mainstem.consolidate.lint.statements import split
from mainstem.errors import UnreadableMigration


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("select 1; select 2;", 2),
        ("select ';'; select E'it\\'s; one';", 2),
        ("select $$ a; b $$; select $tag$ ; $$ ; $tag$", 2),
        ("select 1 /* ; /* nested ; */ ; */ ; -- ; \nselect 2", 2),
        ('select "a;b" from t;', 1),
        (
            "create function f() returns int language sql begin atomic select 1; select case when true then 2 end; end; select 2",
            2,
        ),
        ("create trigger t after insert on a begin delete from b; delete from c; end; select 1", 2),
        (
            "create rule r as on insert to a do also (insert into b values (1); insert into c values (2)); select 1",
            2,
        ),
        ("copy t (a) from stdin;\n1;drop table x;\n\\.\nselect 1;", 2),
        ("\\i other.sql\nselect 1;", 2),
        ("begin; commit;", 2),
        ("", 0),
        ("-- nothing\n", 0),
    ],
)
def test_a_text_has_as_many_statements_as_the_server_would_run(text: str, count: int) -> None:
    assert len(split(text)) == count


def test_each_statement_knows_its_line() -> None:
    text = "select 1;\n\n/* two\nlines */\nselect $$\n\n$$;\nselect 3;"
    assert [each.line for each in split(text)] == [1, 5, 8]


def test_a_finding_stands_on_the_line_of_what_it_is_about() -> None:
    text = "insert into r (id,\n  made)\nselect t.id,\n  coalesce(t.made, now())\nfrom t"
    assert [each.line for each in lint_text(text) if each.rule == "D11"] == [4]


@pytest.mark.parametrize(
    "text", ["select 'open", "select $$ open", "/* open", 'select "open', "select 1;\nselect 'x"]
)
def test_a_quotation_without_an_end_is_named_with_its_line(text: str) -> None:
    with pytest.raises(
        UnreadableMigration, match=rf"m\.sql, line {text.count(chr(10)) + 1}: .* does not end"
    ):
        split(text, name="m.sql")


def test_sqlite_is_read_as_sqlite_reads_it() -> None:
    """Names in brackets, comments that do not nest or never end, and a dollar that quotes nothing."""
    text = "select [a;'b] from t where x = $y$; delete from [old rows]; /* /* */ delete from u; /* open"
    found = lint_text(text, dialect=Dialect.SQLITE)
    assert [(each.rule, each.object) for each in found if each.rule == "D21"] == [
        ("D21", "old rows"),
        ("D21", "u"),
    ]
    with pytest.raises(UnreadableMigration):
        lint_text(text, dialect=Dialect.POSTGRES)


WORDS = """
select insert into update delete from drop table create alter view as with case when then else end join left on where and or
( ( ) ) , . ; * = :: jsonb_agg ( coalesce ( a b t.x 'text' 1 null order by limit union all $$x$$ do begin returning group
conflict nothing set type column add constraint not valid cascade rename to index unique values trigger execute
"""
PIECES = st.sampled_from(WORDS.split())


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=40).map(" ".join))
@example("insert into a ( select 1 ) ) ( from")
@example("create table ( a")
@example("select into t from")
@example("insert into r ( select a from t")
@example("insert into r (s) select union values (1)")
def test_whatever_is_written_is_read_or_refused_but_never_breaks(text: str) -> None:
    """A lint that stops at a statement it does not know has not looked at those behind it."""
    lint_text(text)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_migration_with_words_changed_never_breaks_it_either(data: st.DataObject) -> None:
    words = data.draw(st.sampled_from([case.fires for case in CASES if case.kind == "sql"])).split(" ")
    for place in data.draw(st.lists(st.integers(0, len(words) - 1), max_size=3)):
        words[place] = data.draw(PIECES)
    with suppress(UnreadableMigration):
        lint_text(" ".join(words))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_named_unreadable(text: str) -> None:
    with suppress(UnreadableMigration):
        lint_text(text)
