"""What the models stand on: the registry, the ledger's own types, and columns that many tables have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Dialect, MetaData, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import UserDefinedType

SCHEMA = "mainstem"


class Ledger(DeclarativeBase):
    """The registry of all models. `Ledger.metadata` describes what `mainstem db upgrade` installs; it creates nothing."""

    metadata = MetaData(schema=SCHEMA)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        str: Text(),
        UUID: Uuid(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
        list[str]: ARRAY(Text()),
    }


class TransactionId(UserDefinedType[int]):
    """xid8: compared as a number, sent as text, as PostgreSQL has no way to it from an integer."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "xid8"

    def bind_processor(self, dialect: Dialect) -> Callable[[int | None], str | None]:  # noqa: ARG002
        return lambda value: None if value is None else str(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], int | None]:  # noqa: ARG002
        return lambda value: None if value is None else int(value)


class RoleName(UserDefinedType[str]):
    """name: what PostgreSQL calls its roles by."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return "name"


class Domain(Text):
    """A domain of the ledger: text to Python and to every operator."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


@compiles(Domain)
def _domain(domain: Domain, _compiler: object, **_options: object) -> str:
    return f"{SCHEMA}.{domain.name}"


WORKFLOW_CHANNEL = Domain("workflow_channel")
STEP_STATUS = Domain("step_status")
TRACE_STATUS = Domain("trace_status")
CONFIG_TYPE = Domain("config_type")

CLOCK = text("mainstem.clock()")
NEW_ID = text("gen_random_uuid()")

Moment = Annotated[datetime, mapped_column(server_default=CLOCK)]
NewId = Annotated[UUID, mapped_column(primary_key=True, server_default=NEW_ID)]
OrgKey = Annotated[UUID, mapped_column(primary_key=True)]
JsonObject = Annotated[dict[str, Any], mapped_column(server_default=text("'{}'"))]
JsonList = Annotated[list[Any], mapped_column(server_default=text("'[]'"))]
Json = Annotated[Any, mapped_column(JSONB())]
BigNumber = Annotated[int, mapped_column(BigInteger())]
OldId = Annotated[int, mapped_column(BigInteger().evaluates_none(), deferred=True, info={"optional": True})]
"""Read when it is asked for, written when it is given: `consolidate finish --drop-legacy-columns` takes the column away."""
