"""Alembic revisions: the SQL that stands in their Python, each function a migration of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from mainstem.consolidate.lint import Finding, lint
from mainstem.errors import UnreadableMigration

HEAD = "from alembic import op\nimport sqlalchemy as sa\n\nrevision = '2'\ndown_revision = '1'\n\n\n"


def told(tmp_path: Path, body: str, head: str = HEAD) -> list[Finding]:
    path = tmp_path / "revision.py"
    path.write_text(head + body)
    return lint([path])


def test_sql_in_a_revision_is_looked_at_on_its_own_line(tmp_path: Path) -> None:
    body = 'def upgrade() -> None:\n    op.execute(\n        """\n        delete from trace\n        """\n    )\n'
    assert [(each.rule, each.line) for each in told(tmp_path, body) if each.rule == "D21"] == [("D21", 11)]


def test_text_round_the_sql_is_looked_through(tmp_path: Path) -> None:
    found = told(tmp_path, "def upgrade() -> None:\n    op.execute(sa.text('truncate trace'))\n")
    assert "D21" in {each.rule for each in found}


def test_what_is_computed_cannot_be_seen_into(tmp_path: Path) -> None:
    found = told(tmp_path, "def upgrade() -> None:\n    op.execute(f'drop table {name}')\n")
    assert [(each.rule, each.line) for each in found] == [("D27", 9)]


def test_drops_by_the_operations_are_drops(tmp_path: Path) -> None:
    body = "def upgrade() -> None:\n    op.drop_column('trace', 'note')\n    op.rename_table('a', 'b')\n    op.add_column('t', sa.Column('x'))\n"
    rules = {each.rule for each in told(tmp_path, body)}
    assert {"D19", "L06"} <= rules


def test_what_the_upgrade_makes_is_not_the_downgrades_own_to_drop(tmp_path: Path) -> None:
    body = "def upgrade() -> None:\n    op.execute('create table run (id int)')\n\n\ndef downgrade() -> None:\n    op.drop_table('run')\n"
    assert [each.object for each in told(tmp_path, body) if each.rule == "D19"] == ["run"]


def test_a_revision_is_one_transaction_unless_it_leaves_it(tmp_path: Path) -> None:
    index = "op.execute('create index concurrently i on t (a)')"
    assert "L10" in {each.rule for each in told(tmp_path, f"def upgrade() -> None:\n    {index}\n")}
    alone = f"def upgrade() -> None:\n    with op.get_context().autocommit_block():\n        {index}\n"
    assert "L10" not in {each.rule for each in told(tmp_path, alone)}


def test_another_program_is_no_revision(tmp_path: Path) -> None:
    assert told(tmp_path, "def upgrade() -> None:\n    op.execute('drop table a')\n", head="") == []


def test_python_that_does_not_compile_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMigration, match=r"revision\.py, line 8"):
        told(tmp_path, "def upgrade(:\n")
