"""A team's own Alembic history goes over the switch and back, as any revision of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from conditions import ON_ONE_SERVER
from conftest import Database
from mainstem.consolidate.life import compiled, copy, finish, migrator, read_plan
from mainstem.consolidate.mapping import preset
from mainstem.consolidate.presets.rcm.sample.statements import NEVER_WORKED
from mainstem.consolidate.presets.rcm.sample.writer import Writer, writing
from mainstem.consolidate.revision import write
from mainstem.errors import MappingRefused, NotLossless, PhaseRefused, RevisionRefused
from typed import Terminal

ENV = """
from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=NullPool).{connect}() as connection:
        context.configure(connection=connection)
        {transaction}
            context.run_migrations()
"""
FIRST = """
from alembic import op
from mainstem.consolidate.presets.rcm.sample import install
revision, down_revision = "0a11", None
def upgrade():
    if op.get_context().connection is not None:
        install(op.get_bind().connection.driver_connection)
def downgrade():
    pass
"""
SECOND = """
from alembic import op
revision, down_revision = "0b22", "0a11"
def upgrade():
    op.execute("create index if not exists trace_by_channel on workflow_trace (channel)")
def downgrade():
    op.execute("drop index trace_by_channel")
"""


class Team:
    """An application's Alembic, as its people type it."""

    def __init__(self, place: Path, url: str) -> None:
        self.url, self.versions = url, place / "alembic/versions"
        self.versions.mkdir(parents=True)
        self.env()
        (self.versions / "0a11_first.py").write_text(FIRST)
        (self.versions / "0b22_second.py").write_text(SECOND)
        self.said = StringIO()
        self.config = Config(output_buffer=self.said, stdout=self.said)
        self.config.set_main_option("script_location", str(place / "alembic"))
        self.config.set_main_option("path_separator", "os")
        driver = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.config.set_main_option("sqlalchemy.url", driver.replace("%", "%%"))

    def env(self, connect: str = "connect", transaction: str = "with context.begin_transaction():") -> None:
        text = ENV.format(connect=connect, transaction=transaction)
        (self.versions.parent / "env.py").write_text(text)

    def upgrade(self, to: str = "head") -> None:
        command.upgrade(self.config, to)

    def downgrade(self, to: str = "-1") -> None:
        command.downgrade(self.config, to)

    def stands_at(self) -> str:
        [[found]] = self.rows("select version_num from alembic_version")
        return str(found)

    def phase(self) -> str:
        with migrator(self.url, "rcm") as conn:
            return read_plan(conn, "rcm").phase

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True, options="-c search_path=public") as conn:
            found = conn.execute(query.encode())
            return found.fetchall() if found.description else []

    def kind(self) -> str:
        [[kind]] = self.rows("select relkind::text from pg_class where oid = 'workflow_trace'::regclass")
        return str(kind)


@pytest.fixture
def team(database: Database, tmp_path: Path) -> Team:
    return Team(tmp_path, database.url)


def go_on(writer: Writer, more: int = 40) -> None:
    wanted, deadline = writer.tally.done.total() + more, time.monotonic() + 30
    while writer.tally.done.total() < wanted:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def under_a_writer(team: Team) -> Iterator[Writer]:
    """Whatever the old application wrote meanwhile is there at the end."""
    with writing(team.url, rate=60) as [writer]:
        go_on(writer)
        yield writer
        go_on(writer)
        tally = writer.stop()
    assert (tally.failures, set(tally.errors) - NEVER_WORKED) == ([], set())
    with psycopg.connect(team.url, autocommit=True) as conn:
        assert writer.memory.differences(conn) == []


def test_a_history_goes_forward_back_and_forward_under_a_writer(team: Team) -> None:
    team.upgrade()
    made = write(preset("rcm"), team.versions, without_backup="a sample")
    assert made.after == "0b22"
    with under_a_writer(team) as writer:
        team.upgrade()
        assert (team.stands_at(), team.phase(), team.kind()) == (made.revision, "cut_over", "v")
        go_on(writer)
        team.downgrade()
        assert (team.stands_at(), team.phase(), team.kind()) == ("0b22", "copied", "r")
        go_on(writer)
        team.upgrade()
        assert (team.stands_at(), team.phase(), team.kind()) == (made.revision, "cut_over", "v")


def test_one_upgrade_from_nothing_comes_to_the_switch_and_installs_the_ledger(
    empty_database: Database, tmp_path: Path
) -> None:
    team = Team(tmp_path, empty_database.url)
    write(preset("rcm"), team.versions, without_backup="a sample")
    team.upgrade()
    assert (team.phase(), team.kind()) == ("cut_over", "v")
    assert team.rows("select count(*) from mainstem.user_workflow_run") == [(49,)]


@ON_ONE_SERVER
def test_what_was_copied_before_is_not_copied_again(team: Team) -> None:
    team.upgrade()
    write(preset("rcm"), team.versions)
    with pytest.raises(PhaseRefused, match="rcm has no backup"):
        team.upgrade()
    assert (team.stands_at(), team.phase()) == ("0b22", "planned")
    with migrator(team.url, "rcm") as conn:
        plan = read_plan(conn, "rcm")
        copy(conn, compiled(conn, plan), plan)
    team.rows('update mainstem_consolidation.plan set facts = facts || \'{"without_backup": "a sample"}\'')
    team.upgrade()
    copies = "select facts -> 'roots' ->> 'workflow_trace' from mainstem_consolidation.journal where phase = 'copied' and facts ? 'roots' order by at"
    assert team.rows(copies) == [("49",), ("0",)]
    assert team.kind() == "v"


@ON_ONE_SERVER
def test_a_downgrade_is_refused_where_something_would_be_lost_and_when_it_is_finished(team: Team) -> None:
    team.upgrade()
    write(preset("rcm"), team.versions, without_backup="a sample")
    team.upgrade()
    at = team.stands_at()
    set_details = "update mainstem.user_workflow_run_step set error_details = {} where legacy_step_id = 2001"
    team.rows(set_details.format("'{}'"))
    with pytest.raises(NotLossless, match="1 values do not fit"):
        team.downgrade()
    assert (team.stands_at(), team.kind()) == (at, "v")
    team.rows(set_details.format("null"))
    with migrator(team.url, "rcm") as conn:
        finish(conn, compiled(conn, read_plan(conn, "rcm")), typed="rcm")
    with pytest.raises(PhaseRefused, match="rcm is finished"):
        team.downgrade()
    team.rows("update alembic_version set version_num = '0b22'")
    team.upgrade()
    assert team.stands_at() == at


@ON_ONE_SERVER
def test_a_downgrade_to_the_plan_leaves_nothing_that_an_older_revision_would_meet(team: Team) -> None:
    team.upgrade()
    made = write(preset("rcm"), team.versions, without_backup="a sample")
    made.file.write_text(made.file.read_text().replace('to="copied"', 'to="planned"'))
    team.upgrade()
    team.downgrade()
    assert (team.phase(), team.kind()) == ("planned", "r")
    assert team.rows("select tgname from pg_trigger where tgname like 'mainstem_consolidation%'") == []
    team.downgrade()
    assert team.stands_at() == "0a11"


@ON_ONE_SERVER
def test_a_script_for_a_dba_asks_whether_the_switch_was_made(team: Team) -> None:
    team.upgrade()
    made = write(preset("rcm"), team.versions, without_backup="a sample")
    command.upgrade(team.config, f"0b22:{made.revision}", sql=True)
    script = team.said.getvalue()
    assert "run mainstem consolidate copy, verify and cutover" in script
    with pytest.raises(psycopg.errors.RaiseException, match="no script can make the switch"):
        team.rows(script)
    assert team.stands_at() == "0b22"
    team.upgrade()
    team.rows("update alembic_version set version_num = '0b22'")
    team.rows(script)
    assert team.stands_at() == made.revision


@ON_ONE_SERVER
@pytest.mark.parametrize(
    "words", [{"transaction": "with connection.begin():"}, {"connect": "begin"}], ids=["inside", "around"]
)
def test_an_env_that_holds_a_transaction_of_its_own_is_told_how_to_do_without(
    team: Team, words: dict[str, str]
) -> None:
    team.upgrade()
    write(preset("rcm"), team.versions, without_backup="a sample")
    team.env(**words)
    with pytest.raises(RevisionRefused, match="a transaction of its own"):
        team.upgrade()
    assert (team.stands_at(), team.kind()) == ("0b22", "r")


@ON_ONE_SERVER
def test_another_mapping_than_the_one_under_way_is_refused(team: Team) -> None:
    team.upgrade()
    made = write(preset("rcm"), team.versions, without_backup="a sample")
    team.upgrade()
    team.rows("update alembic_version set version_num = '0b22'")
    made.mapping.write_text(preset("rcm") + "\n# another\n")
    with pytest.raises(PhaseRefused, match="with another mapping"):
        team.upgrade()


@ON_ONE_SERVER
def test_the_file_is_short_and_follows_the_one_head(team: Team, tmp_path: Path) -> None:
    mapping = tmp_path / "rcm.yaml"
    mapping.write_text(preset("rcm"))
    words = ("consolidate", "revision", str(mapping), "--versions", str(team.versions))
    [told] = Terminal(team.url).lines(*words)
    made = Path(told["file"])
    assert told["after"] == "0b22"
    assert len(made.read_text().splitlines()) < 30
    assert made.with_suffix(".yaml").read_text() == mapping.read_text()
    assert Terminal(team.url).error(*words)[:2] == (2, "MS421")


@ON_ONE_SERVER
def test_several_heads_are_refused_unless_one_is_named(team: Team) -> None:
    (team.versions / "0c33_other.py").write_text(SECOND.replace("0b22", "0c33"))
    with pytest.raises(RevisionRefused, match="2 heads: 0b22, 0c33") as refused:
        write(preset("rcm"), team.versions)
    assert "alembic merge heads" in str(refused.value)
    with pytest.raises(RevisionRefused, match="names 0 heads"):
        write(preset("rcm"), team.versions, after="0a11")
    assert write(preset("rcm"), team.versions, after="0c").after == "0c33"


@ON_ONE_SERVER
def test_nothing_is_written_for_a_mapping_with_questions_or_a_folder_that_says_nothing(team: Team) -> None:
    there = sorted(team.versions.iterdir())
    with pytest.raises(MappingRefused, match="not answered"):
        write(preset("rcm").replace("answer: renumber ", 'answer: "?" '), team.versions)
    with pytest.raises(RevisionRefused, match="in another place"):
        write(preset("history"), team.versions)
    with pytest.raises(RevisionRefused, match="is no folder"):
        write(preset("rcm"), team.versions / "none")
    assert sorted(team.versions.iterdir()) == there
    (team.versions / "notes.py").write_text("import application\n")
    with pytest.raises(RevisionRefused, match=r"notes\.py names no revision"):
        write(preset("rcm"), team.versions)
