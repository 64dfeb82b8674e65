"""Alembic: the SQL that stands in a revision's Python, as far as it is literal."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mainstem.consolidate.lint.statements import Statement, split

_DROPS = {
    "drop_table": "drop table {0}",
    "drop_column": "alter table {0} drop column {1}",
    "drop_constraint": "alter table {1} drop constraint {0}",
    "drop_index": "drop index {0}",
    "rename_table": "alter table {0} rename to {1}",
}


def is_revision(tree: ast.Module) -> bool:
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in _targets(node)
    }
    return {"revision", "down_revision"} <= names


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target for target in targets if isinstance(target, ast.Name)]


def functions_of(tree: ast.Module) -> list[ast.FunctionDef]:
    """Its upgrade and its downgrade, each a migration of its own."""
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


def has_autocommit(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr == "autocommit_block" for node in ast.walk(function)
    )


def statements_of(function: ast.FunctionDef, name: str) -> list[Statement]:
    """The statements of `op.execute("…")` and of the plain drops and renames, in order.

    What is computed becomes an EXECUTE, which nobody can see into; the rest of `op` only adds.
    """
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
    found = sorted((call for call in calls if _is_op(call)), key=lambda call: call.lineno)
    return [
        each
        for call in found
        for text in _sql(call)
        for each in split(text, first_line=_first_line(call), name=name)
    ]


def _is_op(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "op"
    )


def _first_line(call: ast.Call) -> int:
    return call.args[0].lineno if call.args else call.lineno


def _sql(call: ast.Call) -> Iterator[str]:
    verb = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if verb == "execute" and call.args:
        yield _literal(call.args[0])
    elif verb in _DROPS:
        given = [
            each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if len(given) >= (2 if "{1}" in _DROPS[verb] else 1):
            yield _DROPS[verb].format(*('"' + each.replace('"', '""') + '"' for each in given))


def _literal(node: ast.expr) -> str:
    if isinstance(node, ast.Call) and node.args:
        node = node.args[0]
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if is_text else "execute computed"  # type: ignore[attr-defined]
