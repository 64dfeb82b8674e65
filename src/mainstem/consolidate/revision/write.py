"""Writing: a revision of a team's history, and the mapping beside it, as two files that are not there yet."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from mainstem.consolidate.mapping import read_mapping
from mainstem.consolidate.revision.life import in_this_database
from mainstem.errors import RevisionRefused

_FILE = '''\
"""{system}: the old tables become runs and steps of mainstem; their names stay, as views.

The same as `mainstem consolidate adopt, copy, verify, cutover`; whatever of it was done before is not done again.
"""

from pathlib import Path

from alembic import op

from mainstem.consolidate.revision import downgrade as go_back
from mainstem.consolidate.revision import upgrade as go_forward

revision = "{revision}"
down_revision = {before}
branch_labels = None
depends_on = None

MAPPING = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")


def upgrade() -> None:
    go_forward(op.get_context(), MAPPING{reason})


def downgrade() -> None:
    go_back(op.get_context(), MAPPING, to="copied")  # "planned" drops the copy, too
'''
_SOURCE = re.compile(r"(?!\.#|__init__)(.*\.py)$")
"""What Alembic takes for a revision's file."""


@dataclass(frozen=True)
class Written:
    """What was written: a revision after another, None where it is the first."""

    revision: str
    after: str | None
    file: Path
    mapping: Path


@dataclass(frozen=True)
class _Revision:
    file: Path
    name: str
    before: tuple[str, ...]


def write(
    text: str, versions: Path, *, place: str = "mapping", after: str = "", without_backup: str = ""
) -> Written:
    """Write the revision of this mapping into a folder of revisions. Nothing is executed of what is there.

    after: the head to follow, or enough of its name; needed where there are several.
    Raises MappingRefused while a question is open, and RevisionRefused for a folder that is none, for one that has this system's
    revision already, for several heads, and for an `after` that is no head.
    """
    mapping = in_this_database(read_mapping(text, place=place))
    if not versions.is_dir():
        raise RevisionRefused(f"{versions} is no folder", hint="name the one with your revisions: alembic/versions")  # fmt: skip
    history = [_read(path) for path in sorted(versions.iterdir()) if _SOURCE.match(path.name)]
    if again := [one.file for one in history if one.file.stem.endswith(f"_consolidate_{mapping.system}")]:
        raise RevisionRefused(
            f"{again[0]} consolidates {mapping.system} already", hint="delete it first, if it was not applied anywhere"
        )  # fmt: skip
    before, revision = _head(history, after, versions), uuid4().hex[-12:]
    file = versions / f"{revision}_consolidate_{mapping.system}.py"
    reason = f",\n               without_backup={without_backup!r}" if without_backup else ""
    code = _FILE.format(system=mapping.system, revision=revision, before=repr(before), reason=reason)
    beside = file.with_suffix(".yaml")
    beside.write_text(text, encoding="utf-8")  # first: alone it is no revision
    file.write_text(code, encoding="utf-8")
    return Written(revision, before, file, beside)


def _head(history: list[_Revision], after: str, versions: Path) -> str | None:
    followed = {name for one in history for name in one.before}
    heads = [one.name for one in history if one.name not in followed]
    chosen = [name for name in heads if name.startswith(after)]
    if after and len(chosen) != 1:
        raise RevisionRefused(
            f"{after} names {len(chosen)} heads of {versions}", hint=f"there are: {', '.join(heads) or 'none'}"
        )  # fmt: skip
    if len(chosen) > 1:
        raise RevisionRefused(
            f"{versions} has {len(heads)} heads: {', '.join(heads)}",
            hint=f"`alembic merge heads` first, or name one: --after {heads[0]}",
        )
    return chosen[0] if chosen else None


def _read(path: Path) -> _Revision:
    """What the file says of itself, unexecuted: a team's revisions may import an application that is not here."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        said = dict(pair for node in tree.body for pair in _assigned(node))
    except (OSError, SyntaxError, ValueError) as error:
        raise RevisionRefused(
            f"{path}: {error}", hint="a revision says `revision` and `down_revision` as literals"
        ) from error
    name, before = said.get("revision"), said.get("down_revision")
    if not isinstance(name, str):
        raise RevisionRefused(f"{path} names no revision", hint="move what is no revision out of the folder")
    return _Revision(path, name, (before,) if isinstance(before, str) else tuple(before or ()))  # type: ignore[arg-type]


def _assigned(node: ast.stmt) -> list[tuple[str, object]]:
    """What it gives the two names that matter; `revision, down_revision = "b", "a"` as well."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return []
    [target, *_] = node.targets if isinstance(node, ast.Assign) else [node.target]
    pairs = [(target, node.value)]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = list(zip(target.elts, node.value.elts, strict=False))
    return [
        (name.id, ast.literal_eval(value))
        for name, value in pairs
        if isinstance(name, ast.Name) and name.id in ("revision", "down_revision")
    ]
