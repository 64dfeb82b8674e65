"""Records: what a recorder sends, packed as arrays of mainstem's composite types in PostgreSQL's binary format.

The format is that of array_recv and record_recv: a composite is its number of fields, then the type's oid, the length
(-1 for NULL) and the bytes of each; an array is dimensions, flags, element oid, length, lower bound, and each element
with its length (https://www.postgresql.org/docs/18/protocol-overview.html#PROTOCOL-FORMAT-CODES).
Packed by hand: the driver's array dumpers take longer for a step than the server takes to store it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Any, ClassVar
from uuid import UUID

from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

UUID_OID, INT4, INT8, TEXT, JSONB, BOOL, BYTEA, TEXT_ARRAY = 2950, 23, 20, 25, 3802, 16, 17, 1009

_PAIR = Struct(">ii")
_INT4 = Struct(">iii")
_INT8 = Struct(">iiq")
_LENGTH = Struct(">i")
_NO_INT8 = _PAIR.pack(INT8, -1)
_NO_TEXT = _PAIR.pack(TEXT, -1)
_NO_JSONB = _PAIR.pack(JSONB, -1)
_NOTHING = (None, None, None, None)
_NO_MORE = _NO_JSONB + _NO_JSONB + _NO_TEXT + _NO_JSONB + _NO_JSONB
_STEP_HEAD = Struct(">i" + "ii16s" + "iii" * 4 + "iiq")


class Packed(bytes):
    """Bytes that are a parameter in binary format as they stand."""

    __slots__ = ()


class PackedDumper(Dumper):
    """Hands Packed bytes to the server; the function's signature says their type."""

    format = Format.BINARY
    oid = 0

    def dump(self, obj: Packed) -> bytes:
        return obj


def text_field(text: bytes | None) -> bytes:
    return _NO_TEXT if text is None else _PAIR.pack(TEXT, len(text)) + text


def jsonb_field(text: bytes | None) -> bytes:
    """A field of type jsonb: its binary form is the version, 1, and the JSON text."""
    return _NO_JSONB if text is None else _PAIR.pack(JSONB, len(text) + 1) + b"\x01" + text


def int8_field(number: int | None) -> bytes:
    return _NO_INT8 if number is None else _INT8.pack(INT8, 8, number)


def int4_field(number: int) -> bytes:
    return _INT4.pack(INT4, 4, number)


def uuid_field(value: UUID | None) -> bytes:
    return _PAIR.pack(UUID_OID, -1) if value is None else _PAIR.pack(UUID_OID, 16) + value.bytes


def bool_field(value: bool) -> bytes:
    return _PAIR.pack(BOOL, 1) + (b"\x01" if value else b"\x00")


def bytea_field(value: bytes | None) -> bytes:
    return _PAIR.pack(BYTEA, -1 if value is None else len(value)) + (value or b"")


def text_array_field(texts: Sequence[str]) -> bytes:
    body = array(TEXT, [text.encode() for text in texts])
    return _PAIR.pack(TEXT_ARRAY, len(body)) + body


def composite(*fields: bytes) -> bytes:
    return _LENGTH.pack(len(fields)) + b"".join(fields)


def array(oid: int, elements: Sequence[bytes]) -> Packed:
    """One-dimensional array of elements in binary form; empty arrays have no dimension."""
    if not elements:
        return Packed(Struct(">iii").pack(0, 0, oid))
    parts = [Struct(">iiiii").pack(1, 0, oid, len(elements), 1)]
    for element in elements:
        parts += (_LENGTH.pack(len(element)), element)
    return Packed(b"".join(parts))


@dataclass(slots=True)
class StepRecord:
    """One step of a run, as its owner sees it; times are of the owner's monotonic clock, in nanoseconds."""

    composite_type: ClassVar[str] = "_step_record"

    run_id: UUID
    epoch: int
    step_number: int
    iteration: int
    node_key: bytes
    began_ns: int
    status: bytes = b"running"
    ended_ns: int | None = None
    retry_count: int = 0
    input_data: bytes | None = None
    output_data: bytes | None = None
    screenshots: bytes | None = None
    metadata: bytes | None = None
    error_message: bytes | None = None
    error_details: bytes | None = None
    events: Sequence[EventRecord] = ()
    """Of a step that begins and ends in one flush: they go with it. Others are logged."""

    @property
    def size(self) -> int:
        """About how many bytes it takes in a flush."""
        return (
            200
            + len(self.input_data or b"")
            + len(self.output_data or b"")
            + (sum(event.size for event in self.events) if self.events else 0)
        )

    def packed(self, now_ns: int) -> bytes:
        """As the type mainstem._step_record."""
        return b"".join((
            _STEP_HEAD.pack(
                16, UUID_OID, 16, self.run_id.bytes, INT4, 4, self.epoch, INT4, 4, self.step_number,
                INT4, 4, self.iteration, INT4, 4, self.retry_count, INT8, 8, (now_ns - self.began_ns) // 1000,
            ),
            _NO_INT8 if self.ended_ns is None else _INT8.pack(INT8, 8, (now_ns - self.ended_ns) // 1000),
            text_field(self.status),
            text_field(self.node_key),
            jsonb_field(self.input_data),
            jsonb_field(self.output_data),
            _NO_MORE if self._says_no_more else self._packed_rest(now_ns),
        ))  # fmt: skip

    @property
    def _says_no_more(self) -> bool:
        """Whether it has what every step has, and nothing else: almost all do."""
        said = (self.metadata, self.screenshots, self.error_message, self.error_details)
        return not self.events and said == _NOTHING

    def _packed_rest(self, now_ns: int) -> bytes:
        return b"".join((
            jsonb_field(self.screenshots),
            jsonb_field(self.metadata),
            text_field(self.error_message),
            jsonb_field(self.error_details),
            jsonb_field(_list_of(self.events, now_ns) if self.events else None),
        ))  # fmt: skip


def passed_over(record: StepRecord, reason: str) -> StepRecord:
    """The record of a step that was skipped; its metadata says why."""
    record.status, record.ended_ns = b"skipped", record.began_ns
    record.metadata = json.dumps({**json.loads(record.metadata or b"{}"), "skipped": reason}).encode()
    return record


@dataclass(slots=True)
class EventRecord:
    """An event of a step that is open, or of the run (step_number 0)."""

    composite_type: ClassVar[str] = "_event_record"

    run_id: UUID
    epoch: int
    step_number: int
    at_ns: int
    event_type: bytes
    event_data: bytes | None

    @property
    def size(self) -> int:
        """About how many bytes it takes in a flush."""
        return 100 + len(self.event_data or b"")

    def packed(self, now_ns: int) -> bytes:
        """As the type mainstem._event_record."""
        return composite(
            uuid_field(self.run_id),
            int4_field(self.epoch),
            int4_field(self.step_number),
            int8_field((now_ns - self.at_ns) // 1000),
            text_field(self.event_type),
            jsonb_field(self.event_data),
        )


def _list_of(events: Sequence[EventRecord], now_ns: int) -> bytes:
    """Events as a JSON array, in order."""
    told = (
        b'{"age_us":%d,"event_type":%s,"event_data":%s}'
        % (
            (now_ns - event.at_ns) // 1000,
            json.dumps(event.event_type.decode()).encode(),
            event.event_data or b"{}",
        )
        for event in events
    )
    return b"[" + b",".join(told) + b"]"


@dataclass(slots=True)
class WaitRecord:
    """A step that waits: `kind` as the composite type has it; the time-out counts from when it is first recorded."""

    composite_type: ClassVar[str] = "_wait_record"

    run_id: UUID
    epoch: int
    step_number: int
    iteration: int
    kind: str
    node_key: str
    signal: str | None = None
    timeout_us: int | None = None
    metadata: bytes | None = None
    suspend: bool = True
    given: bytes | None = None
    """What an approval asks, or a child begins with."""

    @property
    def size(self) -> int:
        """About how many bytes it takes in a flush."""
        return 200 + len(self.given or b"")

    def packed(self, now_ns: int) -> bytes:  # noqa: ARG002  (a wait has no age: the database times it)
        """As the type mainstem._wait_record."""
        return composite(
            uuid_field(self.run_id),
            int4_field(self.epoch),
            int4_field(self.step_number),
            int4_field(self.iteration),
            text_field(self.kind.encode()),
            text_field(self.node_key.encode()),
            text_field(None if self.signal is None else self.signal.encode()),
            int8_field(self.timeout_us),
            jsonb_field(self.metadata),
            bool_field(self.suspend),
            jsonb_field(self.given),
        )


@dataclass(slots=True)
class EndingRecord:
    """The end of a run, or its pause."""

    composite_type: ClassVar[str] = "_ending_record"

    run_id: UUID
    epoch: int
    status: str
    output_data: bytes | None = None
    endpoints_used: bytes | None = None
    error_message: str | None = None
    error_details: bytes | None = None

    @property
    def size(self) -> int:
        """About how many bytes it takes in a flush."""
        return 200 + len(self.output_data or b"")

    def packed(self, now_ns: int) -> bytes:  # noqa: ARG002  (a run ends when the database says so)
        """As the type mainstem._ending_record."""
        return composite(
            uuid_field(self.run_id),
            int4_field(self.epoch),
            text_field(self.status.encode()),
            jsonb_field(self.output_data),
            jsonb_field(self.endpoints_used),
            text_field(None if self.error_message is None else self.error_message.encode()),
            jsonb_field(self.error_details),
        )


@dataclass(slots=True)
class StartRecord:
    """A run to begin."""

    composite_type: ClassVar[str] = "_start_record"

    run_id: UUID
    org_id: UUID
    workflow_id: UUID
    channel: str
    input_data: bytes | None
    workflow_version: int = 1
    external_id: str | None = None
    config_snapshot: bytes | None = None
    created_by: UUID | None = None
    priority: int = 0
    tags: Sequence[str] = field(default=())
    is_test: bool = False
    queue: str = "default"
    parent_step_id: UUID | None = None
    idempotency_key: str | None = None
    request_digest: bytes | None = None
    traceparent: str | None = None
    concurrency_key: str | None = None
    test: bytes | None = None

    @property
    def size(self) -> int:
        """About how many bytes it takes in a flush."""
        return 400 + len(self.input_data or b"")

    def packed(self, now_ns: int) -> bytes:  # noqa: ARG002  (a run begins when the database says so)
        """As the type mainstem._start_record."""
        return composite(
            uuid_field(self.run_id),
            uuid_field(self.org_id),
            uuid_field(self.workflow_id),
            int4_field(self.workflow_version),
            text_field(self.channel.encode()),
            text_field(None if self.external_id is None else self.external_id.encode()),
            jsonb_field(self.input_data),
            jsonb_field(self.config_snapshot),
            uuid_field(self.created_by),
            int4_field(self.priority),
            text_array_field(self.tags),
            bool_field(self.is_test),
            text_field(self.queue.encode()),
            uuid_field(self.parent_step_id),
            text_field(None if self.idempotency_key is None else self.idempotency_key.encode()),
            bytea_field(self.request_digest),
            text_field(None if self.traceparent is None else self.traceparent.encode()),
            text_field(None if self.concurrency_key is None else self.concurrency_key.encode()),
            jsonb_field(self.test),
        )


Record = StartRecord | StepRecord | EventRecord | WaitRecord | EndingRecord
COMPOSITES = tuple(
    kind.composite_type for kind in (StartRecord, StepRecord, EventRecord, WaitRecord, EndingRecord)
)
OIDS_SQL = (
    "select typname, oid from pg_type where typnamespace = 'mainstem'::regnamespace and typname = any(%s)"
)
"""Which oid each composite type has in this database: an element of a binary array names its own."""


def packed_array(oids: dict[str, int], composite_type: str, records: Iterable[Record], now_ns: int) -> Packed:
    """Records of one type as an array parameter."""
    return array(oids[composite_type], [record.packed(now_ns) for record in records])


def register(context: AdaptContext) -> None:
    """Let a connection take Packed parameters."""
    adapters: Any = context.adapters
    adapters.register_dumper(Packed, PackedDumper)
