"""Definitions: the draft of a workflow's graph, what is published of it, which version is active, and templates."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mainstem.errors import BadArgument, DraftConflict, NotFound
from mainstem.ledger.call import Call, Row, scalar
from mainstem.ledger.workflows import Version, no_workflow
from mainstem.model import ACTIVE_VERSION, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A graph that is being edited. revision: what a writer names as read. is_draft: False for the active graph, unedited."""

    workflow_id: UUID
    workflow: str
    revision: int
    active_version: int | None
    is_draft: bool
    saved_at: datetime | None
    graph_config: Json


@dataclass(frozen=True, slots=True)
class Published:
    """A version. is_new: False when the same graph had been published before."""

    version: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class ActiveGraph:
    """A published graph, as a worker runs it."""

    workflow: str
    version: int
    graph_config: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A graph to begin a workflow from."""

    template_id: UUID
    name: str
    description: str | None
    graph_config: Json
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Templates:
    """All of the tenant, by name."""

    templates: list[Template]


def checksum_of(graph: Json) -> str:
    """The same for the same graph, however its text was laid out."""
    told = json.dumps(graph, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


# Drafts.


def read_draft(workflow_id: UUID) -> Call[Draft]:
    """The draft, or where there is none the active graph. Raises NotFound."""

    def read(rows: list[Row]) -> Draft:
        if not rows:
            raise no_workflow(workflow_id)
        return Draft(**rows[0])

    return Call(
        "select workflow_id, name as workflow, version as revision, active_version, draft_state is not null as is_draft,"
        " draft_updated_at as saved_at, coalesce(draft_state, graph_config) as graph_config"
        " from mainstem.user_workflow where workflow_id = %s",
        [workflow_id],
        read,
    )


def save_draft(workflow_id: UUID, graph: Json, *, expected: int) -> Call[int]:
    """Save the draft for who read revision `expected`; the next revision. Raises NotFound, DraftConflict with both texts."""

    def read(rows: list[Row]) -> int:
        [row] = rows
        if not row["is_saved"]:
            raise DraftConflict(
                f"the draft is at revision {row['revision']}, and revision {expected} was edited",
                hint="read it again, and bring both together",
                yours=graph,
                theirs=row["theirs"],
                revision=row["revision"],
            )
        found: int = row["revision"]
        return found

    return Call(
        "select revision, is_saved, theirs from mainstem.save_workflow_draft(%s, %s, %s::jsonb)",
        [workflow_id, expected, json.dumps(graph)],
        read,
    )


# Versions.


def publish(
    workflow_id: UUID, graph: Json, *, expected: int | None = None, published_by: UUID | None = None
) -> Call[Published]:
    """Keep a graph, which the caller has checked, as a version for good; it is not active yet.

    expected: the revision of the draft that was read, None to ask nothing. Raises NotFound, DraftConflict.
    """
    return Call(
        "select version, is_new from mainstem.publish_workflow_graph(%s, %s::jsonb, %s, %s, %s)",
        [workflow_id, json.dumps(graph), checksum_of(graph), published_by, expected],
        lambda rows: Published(**rows[0]),
    )


def activate(workflow_id: UUID, version: int, *, activated_by: UUID | None = None) -> Call[int | None]:
    """Let new runs begin with a version; the one that was active before. Raises NotFound, WorkflowCycle."""
    return Call(
        "select mainstem.activate_workflow_version(%s, %s, %s)", [workflow_id, version, activated_by], scalar
    )


def roll_back(workflow_id: UUID) -> Call[int]:
    """Activate what the active version replaced; its number. Raises StateRefused when there is none, WorkflowCycle."""
    return Call("select mainstem.roll_back_workflow(%s)", [workflow_id], scalar)


def read_version(workflow_id: UUID, version: int) -> Call[Version]:
    """A published definition. Raises NotFound."""

    def read(rows: list[Row]) -> Version:
        if not rows:
            raise NotFound(
                f"no version {version} of workflow {workflow_id} in this tenant",
                hint="list its versions: `mainstem workflows versions`",
            )
        return Version(**rows[0])

    return Call(
        "select version, checksum, published_at, published_by, graph_config from mainstem.user_workflow_version"
        " where workflow_id = %s and version = %s",
        [workflow_id, version],
        read,
    )


def find_graph(org_id: UUID, workflow: str, version: int | None) -> Call[ActiveGraph | None]:
    """For workers, of any tenant: a published graph by its workflow's name; version None is the active one."""
    return Call(
        "select w.name as workflow, v.version, v.graph_config from mainstem.user_workflow w"
        " join mainstem.user_workflow_version v on v.org_id = w.org_id and v.workflow_id = w.workflow_id"
        " and v.version = coalesce(%s, w.active_version)"
        " where w.org_id = %s and w.name = %s and jsonb_typeof(v.graph_config -> 'nodes') = 'array'",
        [version, org_id, workflow],
        lambda rows: ActiveGraph(**rows[0]) if rows else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InputAsked:
    """What a workflow takes: a graph what its entry requires, code what its schema says; None where nothing is known."""

    workflow: str
    requirements: Json
    schema: Json


_INPUT: LiteralString = """
select w.name as workflow, w.active_version, w.input_schema, v.version, (
         select n -> 'input_requirements'
           from jsonb_array_elements(case jsonb_typeof(v.graph_config -> 'nodes') when 'array' then v.graph_config -> 'nodes' else '[]' end) n
          where n ->> 'type' = 'entry' limit 1) as requirements
  from mainstem.user_workflow w
  left join mainstem.user_workflow_version v on v.org_id = w.org_id and v.workflow_id = w.workflow_id and v.version ="""


def read_input(
    workflow: str | UUID, version: int = ACTIVE_VERSION, *, org_id: UUID | None = None
) -> Call[InputAsked | None]:
    """What a version takes; None when there is no such workflow. org_id: for workers, whose it is.

    Raises NotFound for a version that a graph does not have.
    """
    name, workflow_id = (workflow, None) if isinstance(workflow, str) else (None, workflow)
    return Call(
        f"{_INPUT} coalesce(nullif(%s, {ACTIVE_VERSION}), w.active_version)"
        " where w.org_id = coalesce(%s, mainstem.current_org()) and (w.name = %s or w.workflow_id = %s)",
        [version, org_id, name, workflow_id],
        lambda rows: _input_asked(rows, version),
    )


def read_input_of_run(run_id: UUID, version: int | None = None) -> Call[InputAsked | None]:
    """What the workflow of a run takes, in the version that the run keeps; or in another. None when there is no such run."""
    return Call(
        f"{_INPUT} coalesce(%s, (select r.workflow_version from mainstem.user_workflow_run r where r.run_id = %s))"
        " where w.org_id = mainstem.current_org()"
        " and w.workflow_id = (select r.workflow_id from mainstem.user_workflow_run r where r.run_id = %s)",
        [version, run_id, run_id],
        lambda rows: _input_asked(rows, version),
    )


def _input_asked(rows: list[Row], version: int | None) -> InputAsked | None:
    if not rows:
        return None
    [row] = rows
    if version and row["active_version"] is not None and row["version"] is None:
        raise NotFound(
            f"no version {version} of workflow {row['workflow']} in this tenant",
            hint="list its versions: `mainstem workflows versions`",
        )
    schema = row["input_schema"] if row["version"] is None else None
    return InputAsked(workflow=row["workflow"], requirements=row["requirements"], schema=schema)


# Templates.

_TEMPLATE: LiteralString = "template_id, name, description, graph_config, updated_at"


def save_template(
    name: str, graph: Json, *, description: str | None, created_by: UUID | None = None
) -> Call[UUID]:
    """Keep a graph under a name, in place of the one that had it; its id. Raises BadArgument for a name that is none."""
    if not 0 < len(name) <= 255:
        raise BadArgument(f"a template's name has 1 to 255 characters, not {len(name)}", hint="give another")
    return Call(
        "insert into mainstem.user_workflow_template (org_id, name, description, graph_config, created_by)"
        " values (mainstem.current_org(), %s, %s, %s::jsonb, %s) on conflict (org_id, name) do update"
        " set description = excluded.description, graph_config = excluded.graph_config, updated_at = mainstem.clock()"
        " returning template_id",
        [name, description, json.dumps(graph), created_by],
        scalar,
    )


def list_templates() -> Call[Templates]:
    """By name, at most 500."""
    return Call(
        f"select {_TEMPLATE} from mainstem.user_workflow_template where org_id = mainstem.current_org()"
        " order by name limit 500",
        [],
        lambda rows: Templates([Template(**row) for row in rows]),
    )


def read_template(name: str) -> Call[Template]:
    """By its name. Raises NotFound."""

    def read(rows: list[Row]) -> Template:
        if not rows:
            raise NotFound(
                f"no template {name!r} in this tenant", hint="list them: `mainstem workflows templates`"
            )
        return Template(**rows[0])

    return Call(
        f"select {_TEMPLATE} from mainstem.user_workflow_template where org_id = mainstem.current_org() and name = %s",
        [name],
        read,
    )
