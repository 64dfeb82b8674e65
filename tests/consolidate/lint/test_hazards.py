"""Every hazard has a text that fires and a near miss that does not; what nobody can decide says why."""

from __future__ import annotations

import ast
from typing import Any

import pytest
import test_live_hazards
from hazards import CASES, Case

from mainstem.consolidate.lint import RULES, UNDECIDABLE, Dialect, Finding, Severity, lint_text
from mainstem.consolidate.lint.examine import examine_program, examine_shell


def found(kind: str, text: str, options: dict[str, Any]) -> list[Finding]:
    match kind:
        case "python":
            return examine_program(ast.parse(text), "shim.py")
        case "shell":
            return examine_shell(text, "deploy.sh")
        case _:
            dialect = Dialect.SQLITE if "pragma" in text else None
            return lint_text(text, dialect=dialect, **options)


def rules_of(findings: list[Finding]) -> set[str]:
    return {each.rule for each in findings if not each.message.startswith("allowed because")}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_hazard_is_found_and_its_near_miss_is_not(case: Case) -> None:
    assert case.rule in rules_of(found(case.kind, case.fires, case.options))
    assert case.rule not in rules_of(found(case.kind, case.near_miss, case.options))


def test_every_rule_has_a_case_that_fires_and_a_near_miss_or_a_reason_why_not() -> None:
    shown = {case.rule for case in CASES} | set(test_live_hazards.SHOWN)
    assert sorted(set(RULES) - shown - set(UNDECIDABLE)) == []
    assert sorted(shown - set(RULES)) == []


def test_all_hazards_of_the_list_are_there() -> None:
    listed = (
        [f"D{n:02}" for n in range(1, 31)]
        + [f"L{n:02}" for n in range(1, 18)]
        + [f"Q{n:02}" for n in range(1, 11)]
    )
    assert [name for name in listed if name not in RULES and name not in UNDECIDABLE] == []


def test_every_rule_says_why_and_what_to_do() -> None:
    assert [
        each.id for each in RULES.values() if not (each.title and each.why and each.remedy and each.looks_at)
    ] == []


def test_every_finding_has_a_place_and_a_remedy() -> None:
    for case in CASES:
        for each in found(case.kind, case.fires, case.options):
            assert each.file, case
            assert each.line > 0, case
            assert each.message, case
            assert each.remedy, case


def test_an_allowed_hazard_stays_as_a_note_with_its_reason() -> None:
    [kept] = [
        each
        for each in lint_text("-- mainstem: allow D21 because it is a cache\ndelete from a")
        if each.rule == "D21"
    ]
    assert kept.severity is Severity.NOTE
    assert "it is a cache" in kept.message


def test_an_allowance_for_everything_counts_for_every_statement() -> None:
    text = "-- mainstem: allow D19 everywhere because all of it is scratch\ndrop table a;\ndrop table b;"
    assert {each.severity for each in lint_text(text) if each.rule == "D19"} == {Severity.NOTE}


def test_an_allowance_does_not_leak_to_the_next_statement() -> None:
    text = "drop table a; -- mainstem: allow D19 because it is scratch\ndrop table b;"
    assert [each.severity for each in lint_text(text) if each.rule == "D19"] == [
        Severity.NOTE,
        Severity.ERROR,
    ]


def test_a_block_is_held_to_the_tables_that_its_note_names() -> None:
    body = "do $$ begin insert into audit select 1; delete from trace where id = 1; end $$"
    told = [each for each in lint_text(f"-- mainstem: writes table audit\n{body}") if each.rule == "D27"]
    assert [(each.severity, each.object) for each in told] == [(Severity.ERROR, "trace"), (Severity.NOTE, "")]


def test_statements_in_a_block_are_looked_at_on_their_own_lines() -> None:
    text = "do $$\nbegin\n  if true then\n    delete from trace;\n  end if;\nend $$"
    [emptied] = [each for each in lint_text(text) if each.rule == "D21"]
    assert (emptied.line, "in the DO block at line 1" in emptied.message) == (4, True)


def test_what_execute_puts_together_is_counted_as_unseen() -> None:
    text = "do $$ begin execute format('drop table %I', t); execute 'truncate trace'; end $$"
    told = lint_text(text)
    assert "put together when it runs: 1" in next(each.message for each in told if each.rule == "D27")
    assert any(each.rule == "D21" for each in told)


def test_a_branch_of_a_union_is_no_filter_of_its_own_statement_only() -> None:
    text = "insert into r (id) select a.id from a where a.x union all select b.id from b"
    assert [each.object for each in lint_text(text) if each.rule == "D01"] == ["a"]
