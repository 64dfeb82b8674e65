"""The house's measures: what a reader may count on in every file. CONTRIBUTING.md says why."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

import mainstem

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
SQL = ROOT / "src/mainstem/ledger/sql"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
MAY_CATCH_ALL = {"execute.py", "conduct.py"}
"""Where an author's code runs: whatever it raises is its outcome."""
NO_NAMES = re.compile(r"(^|_)(util|helper|common|shared|manager|service|base|core)s?$")


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_modules_stay_under_400_lines() -> None:
    long = {path.name: text.count("\n") for path in SOURCES if (text := path.read_text()).count("\n") > 400}
    assert not long


def test_functions_are_short() -> None:
    lengths = {
        f"{path.name}:{node.name}": length(node) for path, tree in TREES.items() for node in functions(tree)
    }
    assert {name: lines for name, lines in lengths.items() if lines > 45} == {}
    assert median(lengths.values()) <= 8


def test_functions_take_few_parameters() -> None:
    """Keyword-only ones name themselves; `self` is no parameter."""
    many = {
        f"{path.name}:{node.name}": len(node.args.args)
        for path, tree in TREES.items()
        for node in functions(tree)
        if len([argument for argument in node.args.args if argument.arg != "self"]) > 6
    }
    assert many == {}


def test_only_where_an_authors_code_runs_everything_is_caught() -> None:
    broad = {
        path.name
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    }
    assert broad <= MAY_CATCH_ALL


def test_names_say_what_is_inside() -> None:
    assert [path.stem for path in SOURCES if NO_NAMES.search(path.stem)] == []


def test_the_environment_is_read_at_the_door() -> None:
    """The demo's is its own: it tells its workers where its service is."""
    readers = {
        path.relative_to(ROOT / "src/mainstem").parts[0]
        for path in SOURCES
        if "os.environ" in path.read_text()
    }
    assert readers <= {
        "settings.py",
        "demo",
        "cli",
        "postgres",
    }  # postgres hands a few names on to the server it starts


def test_the_product_knows_no_tests() -> None:
    knowing = [
        path.name
        for path in SOURCES
        if re.search(r"\bmock|\bfake|pytest|under test", path.read_text(), re.IGNORECASE)
    ]
    assert knowing == []


def test_each_sql_function_has_a_file_of_its_name_a_comment_and_at_most_60_lines() -> None:
    for path in sorted((SQL / "functions").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        made = re.findall(r"create or replace function mainstem\.(\w+)", text)
        assert made == [path.stem], path.name
        assert f"comment on function mainstem.{path.stem}(" in text, path.name
        body = text.split("comment on function")[0]
        assert body.count("\n") <= 60 or path.stem == "_flush_v1", f"{path.name}: {body.count(chr(10))} lines"


def test_every_view_answers_with_the_rights_of_who_asks() -> None:
    for path in sorted((SQL / "views").glob("*.sql")):
        assert "with (security_invoker = true)" in path.read_text(), path.name


def test_what_is_exported_is_typed_and_found_where_it_is_made() -> None:
    typed = {
        (node.module, alias.name)
        for node in ast.walk(TREES[Path(mainstem.__file__)])
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mainstem.")
        for alias in node.names
    }
    assert typed == {(module, name) for name, module in mainstem._PLACES.items()}
    assert {name for _module, name in typed} == set(mainstem.__all__)
    assert all(getattr(mainstem, name) is not None for name in mainstem.__all__)


def test_authors_words_and_the_commands_help_load_no_engine_and_no_driver() -> None:
    asked = "import sys; from mainstem import step; import mainstem.cli.main; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    loaded = told.stdout.split()
    assert "mainstem.flow.program" in loaded
    assert [
        name for name in loaded if name.startswith(("psycopg", "mainstem.engine", "mainstem.ledger"))
    ] == []
