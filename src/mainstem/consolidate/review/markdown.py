"""The review as a checklist in Markdown: what is there, what is not, and what nobody can tell from here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from mainstem.consolidate.review.compare import VERSION_TABLE
from mainstem.consolidate.review.findings import Finding, Kind, Known, Level, Review, Unseen

MARKS = {Level.MISSING: "❌", Level.DIFFERS: "⚠️", Level.UNUSED: "▫️"}

CHECKLIST: dict[str, tuple[Kind, ...]] = {
    "All tables exist": (Kind.TABLE_MISSING,),
    "All columns exist, and each that must be filled is known to the code": (
        Kind.COLUMN_MISSING,
        Kind.COLUMN_UNFILLED,
    ),
    "All types are the declared ones": (Kind.TYPE_DIFFERS, Kind.ENUM_MISSING, Kind.ENUM_DIFFERS),
    "What may be NULL is the same on both sides": (Kind.NULLABILITY_DIFFERS,),
    "All server defaults are in place": (Kind.DEFAULT_MISSING, Kind.DEFAULT_DIFFERS),
    "All primary keys are correct": (Kind.PRIMARY_KEY_MISSING, Kind.PRIMARY_KEY_DIFFERS),
    "All foreign keys are correct": (Kind.FOREIGN_KEY_MISSING, Kind.FOREIGN_KEY_DIFFERS),
    "All unique constraints and checks are in place": (
        Kind.UNIQUE_MISSING,
        Kind.UNIQUE_DIFFERS,
        Kind.CHECK_MISSING,
        Kind.CHECK_DIFFERS,
    ),
    "All indexes are created": (Kind.INDEX_MISSING, Kind.INDEX_DIFFERS),
}
ROW_SECURITY = (Kind.ROW_SECURITY_MISSING, Kind.ROW_SECURITY_UNFORCED)

NOT_CHECKABLE = (
    Unseen("Storage buckets and files", "they are no tables of these models; the store itself knows them"),
    Unseen("State in memory", "caches, breakpoints, sessions: it is gone with the process"),
    Unseen("SQL that the code writes itself", "only what the models declare is compared"),
    Unseen("Rows", "none was read; counts are the server's statistics"),
    Unseen("Collations, storage parameters, comments, what a domain checks", "they are not compared"),
    Unseen("Functions, triggers, views, policies, rights", "models do not declare them"),
    Unseen("Migrations", "which are applied is a row of the migration tool's own table"),
)


def checklist(review: Review, *, at: datetime | None = None) -> str:
    """The whole document. at: when it was reviewed, now without it."""
    day = (at or datetime.now(UTC)).date().isoformat()
    lines = [
        f"# Database review: {_plain(review.declared)}",
        "",
        f"**Date:** {day}  ",
        f"**Models:** {_code(review.declared)}  ",
        f"**Database:** {_code(review.database)}",
        "",
        *_summary(review),
        *_tables(review),
        *_section("Missing", Level.MISSING, review.findings),
        *_section("Different", Level.DIFFERS, review.findings),
        *_section("Only in the database", Level.UNUSED, review.findings),
        *_unseen(review),
        *_verification(review),
        *_next_steps(review.findings),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _summary(review: Review) -> Iterator[str]:
    counts = {level: [f for f in review.findings if f.kind.level is level] for level in Level}
    yield "## Summary"
    yield ""
    verdict = (
        "✅ **The database is as the code declares it.**"
        if review.is_sound
        else "⚠️ **The database is not as the code declares it.**"
    )
    yield verdict
    yield ""
    yield f"- ✅ {len(review.known)} tables exist"
    for level, what in (
        (Level.MISSING, "missing"),
        (Level.DIFFERS, "different"),
        (Level.UNUSED, "only in the database"),
    ):
        yield f"- {MARKS[level] if counts[level] else '✅'} {len(counts[level])} {what}"
    yield ""


def _tables(review: Review) -> Iterator[str]:
    yield "## Tables"
    yield ""
    for schema in sorted({known.table.schema for known in review.known}):
        if schema:
            yield f"**Schema {_code(schema)}:**"
            yield ""
        yield from sorted(
            _table(known, review.findings) for known in review.known if known.table.schema == schema
        )
        yield ""
    missing = [finding for finding in review.findings if finding.kind is Kind.TABLE_MISSING]
    if missing:
        yield from ("**Missing:**", "", *(f"- ❌ {_code(finding.object)}" for finding in missing), "")


def _table(known: Known, findings: Sequence[Finding]) -> str:
    wrong = [f for f in findings if f.table == known.table and f.kind.level is not Level.UNUSED]
    mark = "⚠️" if wrong else "✅"
    notes = [
        "" if known.rows is None else f"about {known.rows:,} rows",
        f"{len(wrong)} to put right" if wrong else "",
        "migration tracking" if known.table.name == VERSION_TABLE else "",
    ]
    said = ", ".join(filter(None, notes))
    return f"- {mark} {_code(known.table.name)}{f' ({said})' if said else ''}"


def _section(title: str, level: Level, findings: Sequence[Finding]) -> Iterator[str]:
    chosen = [finding for finding in findings if finding.kind.level is level]
    if not chosen:
        return
    yield f"## {title}"
    yield ""
    for finding in chosen:
        yield f"- {MARKS[level]} {finding.kind.value}: {_code(finding.object)}{_difference(finding)}"
    yield ""


def _difference(finding: Finding) -> str:
    sides = [
        f"the code has {_code(finding.expected)}" if finding.expected else "",
        f"the database has {_code(finding.found)}" if finding.found else "",
    ]
    said = "; ".join(filter(None, sides))
    return f": {said}" if said else ""


def _unseen(review: Review) -> Iterator[str]:
    yield "## Not checkable from here"
    yield ""
    unasked = () if review.tenant_column else (Unseen("Row level security", "no tenant column was named"),)
    for one in (*review.unseen, *unasked, *NOT_CHECKABLE):
        yield f"- **{_plain(one.object)}**: {_plain(one.why)}"
    yield ""


def _verification(review: Review) -> Iterator[str]:
    yield "## Verification checklist"
    yield ""
    claims = dict(CHECKLIST)
    if review.tenant_column:
        claims[
            f"Every table with {_code(review.tenant_column)} has row level security, enabled and forced"
        ] = ROW_SECURITY
    for claim, kinds in claims.items():
        wrong = sum(finding.kind in kinds for finding in review.findings)
        yield f"- [{' ' if wrong else 'x'}] {claim}{f' ({wrong} not)' if wrong else ''}"
    yield "- [ ] What is not checkable from here was looked at by a person"
    yield ""


def _next_steps(findings: Sequence[Finding]) -> Iterator[str]:
    """Statements in the order in which they can be run; then what needs a decision."""
    needed = [finding for finding in findings if finding.kind.level is not Level.UNUSED]
    if not needed:
        return
    yield "## Next steps"
    yield ""
    if statements := [finding.remedy for finding in needed if finding.remedy]:
        yield "Read, and run in a migration of your own:"
        yield ""
        yield from ("```sql", *statements, "```", "")
    if undecided := [finding for finding in needed if not finding.remedy]:
        yield "No single safe statement; each needs a decision:"
        yield ""
        yield from (f"- [ ] {finding.kind.value}: {_code(finding.object)}" for finding in undecided)
        yield ""


def _code(text: str) -> str:
    """A code span, whatever is in it; on one line."""
    line = " ".join(text.split())
    fence = "`"
    while fence in line:
        fence += "`"
    padding = " " if "`" in line else ""
    return f"{fence}{padding}{line}{padding}{fence}"


def _plain(text: str) -> str:
    """Text in which nothing is markup."""
    line = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#|" else sign for sign in line)
