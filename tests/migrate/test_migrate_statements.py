"""A script is taken apart into its statements, whatever its literals, comments and bodies hold."""

from __future__ import annotations

import pytest

from mainstem.consolidate.dialect import Dialect
from mainstem.consolidate.lint.tokens import tokens
from mainstem.consolidate.migrate.statements import Statement, split
from mainstem.errors import StatementUnreadable

POSTGRES = r"""
-- the first; with a semicolon
create table a (x text default ';', "odd;name" int); /* and /* a nested; one */ ; */
insert into a values (E'it\'s; fine', 'it''s; too', $$a; b$$, $q$ $$; $q$), (U&'\0061;', 1, null, '');

create or replace function f(int) returns int language sql
begin atomic
  select case when $1 > 0 then 1 else 2 end;
  select $1;
end;
create rule r as on insert to a do also (select 1; select 2);
create function g() returns void language plpgsql as $body$ begin perform 1; end; $body$;
select 1 -- the last has no semicolon
"""

SQLITE = """
create trigger t after insert on a begin update b set x = 1; delete from c; end;
insert into [odd;name] values ('a;b', "c;d", `e;f`); select 1; -- done; really
/* nothing; more
"""


def starts(statements: list[Statement]) -> list[tuple[int, str]]:
    return [(one.line, " ".join(one.text.split()[:3])) for one in statements]


def test_a_postgres_script_is_split_at_the_semicolons_that_end_statements() -> None:
    assert starts(split(POSTGRES)) == [
        (3, "create table a"),
        (4, "insert into a"),
        (6, "create or replace"),
        (11, "create rule r"),
        (12, "create function g()"),
        (13, "select 1"),
    ]


def test_a_sqlite_script_is_split_where_sqlite_itself_sees_an_end() -> None:
    assert starts(split(SQLITE, Dialect.SQLITE)) == [
        (2, "create trigger t"),
        (3, "insert into [odd;name]"),
        (3, "select 1"),
    ]


def test_the_comments_before_a_statement_are_its_note() -> None:
    [first, second] = split("-- why\n/* and how */ select 1; -- after\nselect 2")
    assert first.note == "-- why\n/* and how */"
    assert second.note == "", "behind a semicolon it belongs to what ends there"


def test_a_body_is_kept_whole() -> None:
    body = "create function f() returns int language sql begin atomic; select 1; end"
    assert [one.text for one in split(f"{body}; select 2;")] == [body, "select 2"]


def test_tokens_together_are_the_text_but_for_its_space() -> None:
    for text, dialect in ((POSTGRES, Dialect.POSTGRES), (SQLITE, Dialect.SQLITE)):
        at = 0
        for token in tokens(text, dialect=dialect):
            assert text[at : token.start].strip() == ""
            assert text[token.start : token.end] == token.text
            at = token.end
        assert text[at:].strip() == ""


def test_what_is_run_is_what_was_written_even_where_the_rules_do_not_look() -> None:
    body = "create function f() returns text as $$\ncopy t from stdin;\n1;2\n\\.\n$$ language sql"
    assert [one.text for one in split(body)] == [body]


def test_names_are_read_as_the_catalog_has_them() -> None:
    [statement] = split('select "a""B", Plain, [c d], `e`', Dialect.SQLITE)
    assert [token.name for token in statement.tokens if token.name] == ["select", 'a"B', "plain", "c d", "e"]


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("select 1;\nselect 'open", Dialect.POSTGRES),
        ("select 1;\nselect $x$ open $y$", Dialect.POSTGRES),
        ("select 1;\nselect /* /* */ open", Dialect.POSTGRES),
        ("select 1;\n\\copy a from b", Dialect.POSTGRES),
        ("select 1;\n.read other.sql", Dialect.SQLITE),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, dialect: Dialect) -> None:
    with pytest.raises(StatementUnreadable, match="line 2"):
        split(text, dialect)


def test_nothing_but_comments_is_no_statement() -> None:
    assert split("-- nothing;\n;;\n/* at all; */") == []
