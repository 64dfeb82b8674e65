"""Every kind of finding: it fires, its near miss does not, and its remedy cures it."""

from __future__ import annotations

import pytest
from review_cases import CASES, Case
from review_databases import Reviewed

from mainstem.consolidate.review import Finding, Kind, Level

pytest_plugins = ["one_review_database"]

ALONGSIDE = {
    Kind.UNIQUE_MISSING: {Kind.INDEX_UNUSED},  # the partial index that is no match
    Kind.ENUM_MISSING: {Kind.COLUMN_MISSING},  # a column has the type
}
"""What a case cannot help but fire too."""

kinds = pytest.mark.parametrize(
    ("kind", "case"), CASES.items(), ids=lambda value: str(value) if isinstance(value, Kind) else ""
)


def test_every_kind_has_its_case() -> None:
    assert set(CASES) == set(Kind)


@kinds
def test_a_kind_fires_alone_and_names_its_object(reviewed: Reviewed, kind: Kind, case: Case) -> None:
    found = reviewed.findings(case.models, case.fires, tenant_column=case.tenant_column)
    fired = [finding for finding in found if finding.kind is kind]
    assert [_object(finding) for finding in fired] == [case.object]
    assert {finding.kind for finding in found} == {kind} | ALONGSIDE.get(kind, set())


@kinds
def test_its_near_miss_fires_nothing(reviewed: Reviewed, kind: Kind, case: Case) -> None:
    assert reviewed.findings(case.models, case.near, tenant_column=case.tenant_column) == ()


@kinds
def test_its_remedy_cures_it_and_what_has_none_is_nobody_elses_to_decide(
    reviewed: Reviewed, kind: Kind, case: Case
) -> None:
    with reviewed.schema(case.fires) as schema:
        before = reviewed.review(case.models, schema, tenant_column=case.tenant_column)
        remedies = [finding.remedy for finding in before.findings if finding.kind is kind]
        assert all(remedies) is case.cured
        for remedy in filter(None, remedies):
            assert remedy.count(";") == 1
            reviewed.run(schema, remedy)
        after = reviewed.review(case.models, schema, tenant_column=case.tenant_column)
    assert (kind not in {finding.kind for finding in after.findings}) is case.cured


def test_only_what_is_unused_leaves_a_review_sound(reviewed: Reviewed) -> None:
    for kind, case in CASES.items():
        if not ALONGSIDE.get(kind):
            with reviewed.schema(case.fires) as schema:
                found = reviewed.review(case.models, schema, tenant_column=case.tenant_column)
            assert found.is_sound is (kind.level is Level.UNUSED)


def _object(finding: Finding) -> str:
    return finding.object.removeprefix(f"{finding.table.schema}.")
