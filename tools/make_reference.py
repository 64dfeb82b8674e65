"""Write docs/reference and docs/hazards.md from the code. `--check` only says what is stale."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from mainstem.cli.main import main as command_line
from mainstem.consolidate.lint import RULES, UNDECIDABLE, Rule
from mainstem.consolidate.mapping import json_schema
from mainstem.errors import MainstemError, every_error
from mainstem.ledger.search.words import DOCUMENTS, EXAMPLES, KEYS
from mainstem.ledger.search.words import RULES as RULES_OF_FILTERS

ROOT = Path(__file__).parent.parent
SQL = ROOT / "src/mainstem/ledger/sql"
PLACE = ROOT / "docs/reference"

COMMENT = re.compile(
    r"comment on (function|view|table) mainstem\.(\w+)(\([^;]*?\))?\s+is\s+'((?:[^']|'')*)';"
)
SIGNATURE = re.compile(
    r"create or replace function mainstem\.(\w+)\((.*?)\)\s*returns (.*?)\s*\nlanguage", re.DOTALL
)


def pages() -> dict[str, str]:
    """File name → text."""
    return {
        "errors.md": errors_page(),
        "sql.md": sql_page(),
        "commands.md": commands_page(),
        "filters.md": filters_page(),
        "../hazards.md": hazards_page(),
        "mapping.schema.json": json_schema(),
    }


def errors_page() -> str:
    lines = [
        "# Errors",
        "",
        "Each is a class of `mainstem.errors` with a code; `exit` is the command line's.",
        "",
    ]
    lines += ["| code | class | what to do | exit |", "|---|---|---|---|"]
    for code, error in sorted(every_error().items()):
        if error is not MainstemError:
            told = " ".join((error.__doc__ or "").split("\n\n")[0].split())
            lines.append(f"| {code} | `{error.__name__}` | {told} | {error.exit_code} |")
    return "\n".join(lines) + "\n"


def sql_page() -> str:
    lines = [
        "# SQL",
        "",
        "Everything is in the schema `mainstem`; the comments stand in the catalog too (`\\df+`, `\\d+`).",
        "",
    ]
    lines += [
        "## Functions",
        "",
        *functions(),
        "## Views",
        "",
        *described("view"),
        "## Tables",
        "",
        *described("table"),
    ]
    return "\n".join(lines) + "\n"


def functions() -> Iterator[str]:
    """The public ones: a name that begins with _ belongs to workers and clients of the same release."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((SQL / "functions").glob("[a-z]*.sql"))]
    texts += [path.read_text(encoding="utf-8") for path in sorted((SQL / "foundation").glob("*.sql"))]
    for text in texts:
        comments = {
            name: told for kind, name, _arguments, told in COMMENT.findall(text) if kind == "function"
        }
        for name, arguments, returns in SIGNATURE.findall(text):
            shown = " ".join(f"{name}({arguments}) → {returns}".split()).replace("mainstem.", "")
            yield f"**`{shown}`**  \n{comments[name].replace(chr(39) * 2, chr(39))}\n"


def described(wanted: str) -> Iterator[str]:
    for path in sorted((*(SQL / "tables").glob("*.sql"), *(SQL / "views").glob("*.sql"))):
        for kind, name, _arguments, told in COMMENT.findall(path.read_text(encoding="utf-8")):
            if kind == wanted:
                yield f"**`{name}`**  \n{told.replace(chr(39) * 2, chr(39))}\n"


def commands_page() -> str:
    context = click.Context(command_line, info_name="mainstem", terminal_width=100)
    return "# Commands\n\n" + "\n".join(command_sections(command_line, context))


def command_sections(command: click.Command, context: click.Context) -> Iterator[str]:
    context.max_content_width = 100
    yield f"## `{context.command_path}`\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from command_sections(
                    inner, click.Context(inner, info_name=name, parent=context, terminal_width=100)
                )


FILTERS = """# Filters

One language finds runs everywhere: in the console's query bar, in the URL (`GET /api/v1/runs?q=…`), on the command line
(`mainstem runs list …`), and in Python (`client.find_runs("…")`). `GET /api/v1/filters` tells all of this to programs.
"""

SORTED = """## Sorting, and how far a search comes

Lists are sorted by `created`, `started`, `ended` or `duration`, with a minus the last first; `-created` without a word. By all but
`created` only runs are listed that have it.

What is rare is looked for, the last begun first, as long as there is time. When that is over before the page is full, the page says
`searched_back_to`, and its `next` goes on from there: it never says that there is nothing where it has not looked.
"""


def filters_page() -> str:
    lines = [
        FILTERS,
        "```",
        *EXAMPLES,
        "```",
        "",
        "## Rules",
        "",
        *(f"- {rule}" for rule in RULES_OF_FILTERS),
        "",
        "## Keys",
        "",
    ]
    lines += ["| key | takes | finds runs by | examples |", "|---|---|---|---|"]
    for key in (*KEYS.values(), *DOCUMENTS.values()):
        takes = ", ".join(f"`{choice}`" for choice in key.choices) or key.kind.value
        order = " (also `>` `>=` `<` `<=` `..`)" if key.kind.has_order else ""
        shown = " · ".join(f"`{example}`" for example in key.examples)
        lines.append(f"| `{key.name}` | {takes}{order} | {key.says} | {shown} |")
    return "\n".join([*lines, "", SORTED])


HAZARDS = """# Hazards

What `mainstem consolidate lint` looks for in SQL, Alembic revisions, Python and shell programs, mappings, and in the live
database where one is given. With a database a suspicion becomes a count of rows, or silence. A finding has a file and a line,
the object, the rows, and what to do; an *error* makes the exit code 1.

A hazard that is meant is allowed beside its statement, with a reason; it then stays in the report as a note:

```sql
-- mainstem: allow D21 because the table is a cache
truncate page_cache;

-- mainstem: writes tables audit, audit_entry
do $$ begin … end $$;
```

`allow … everywhere because …` counts for the whole file. A DO block with a note is held to it: what it visibly writes beyond
the tables that the note names is an error. `squawk`, where it is installed, is asked too; its findings come under these ids where
there is one, else as `squawk:name`.
"""
FAMILIES = {
    "D": "Data",
    "L": "Locks and availability of PostgreSQL",
    "Q": "SQLite, and programs beside it",
    "M": "The migration itself",
}


def hazards_page() -> str:
    parts = [HAZARDS]
    for letter, title in FAMILIES.items():
        rules = [rule for rule_id, rule in sorted(RULES.items()) if rule_id.startswith(letter)]
        parts += [f"## {title}\n", "| id | hazard | looks at |\n|---|---|---|"]
        parts[-1] += "".join(
            f"\n| [{rule.id}](#{rule.id.lower()}) | {rule.title} | {sights(rule)} |" for rule in rules
        )
        parts += ["", *(hazard(rule) for rule in rules)]
    if UNDECIDABLE:
        parts += [
            "## Undecidable\n",
            *(f"**{name}** {reason}\n" for name, reason in sorted(UNDECIDABLE.items())),
        ]
    return "\n".join(parts)


def sights(rule: Rule) -> str:
    return ", ".join(sight.value for sight in rule.looks_at)


def hazard(rule: Rule) -> str:
    lines = [
        f"### {rule.id}\n",
        f"**{rule.title}** ({rule.severity.value}). {rule.why}\n",
        f"*Instead:* {rule.remedy}",
    ]
    return "\n".join([*lines, *([f"\n*Cannot tell:* {rule.blind}"] if rule.blind else []), ""])


def main() -> int:
    PLACE.mkdir(parents=True, exist_ok=True)
    stale = [
        name
        for name, text in pages().items()
        if not (PLACE / name).exists() or (PLACE / name).read_text("utf-8") != text
    ]
    if "--check" in sys.argv:
        sys.stdout.write("".join(f"{name} is stale: run `make reference`\n" for name in stale))
        return 1 if stale else 0
    for name, text in pages().items():
        (PLACE / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
