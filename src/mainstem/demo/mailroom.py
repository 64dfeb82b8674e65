"""The mailroom: what arrived, and which arrivals are one document.

A fax that arrives twice is one document, whether the carrier delivered it again, byte for byte, or the sender put
the paper through the machine again. So a delivery's idempotency key is a fingerprint of what was written, and
starting a run for the second copy gives the run of the first. That lasts as long as the ledger does, and no two
processes can both be first: the key is unique in the ledger, for each organization apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from uuid import UUID

from mainstem.demo.model import Channel, Document
from mainstem.demo.reading import DOCUMENTS, Unreadable, read
from mainstem.demo.written import FAX_RECEIVED

ORGANIZATIONS = {
    "alder": UUID("0a1de000-0000-4000-8000-00000000a1de"),
    "birch": UUID("0b12c000-0000-4000-8000-00000000b12c"),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """An arrival, with all that its run is started with."""

    external_id: str
    org_id: UUID
    document: Document
    idempotency_key: str

    @property
    def channel(self) -> Channel:
        return self.document.channel


def deliveries() -> list[Delivery]:
    """Everything that arrived. Copies of one paper have the document of the first."""
    originals: dict[tuple[str, str], Document] = {}
    arrived: list[Delivery] = []
    for document in documents():
        key = fingerprint(document)
        original = originals.setdefault((document.org, key), document)
        name = PurePosixPath(document.file).stem
        arrived.append(Delivery(name, ORGANIZATIONS[document.org], original, key))
    return arrived


def documents() -> list[Document]:
    """All files, organizations and channels in turn, as a day brings them: not one channel after the other."""
    found = [
        Document(org, channel, f"{org}/{channel}/{file.name}")
        for org in ORGANIZATIONS
        for channel in Channel
        for file in (DOCUMENTS / org / channel).iterdir()
    ]
    return sorted(found, key=lambda document: (number_in(document.file), document.file))


def number_in(file: str) -> str:
    return PurePosixPath(file).stem.rpartition("-")[2]


def fingerprint(document: Document) -> str:
    """The same for each copy of one paper from one sender: a digest of the words without what the fax line adds.

    A paper without words is known by its bytes.
    """
    return sha256(words_of(document) or (DOCUMENTS / document.file).read_bytes()).hexdigest()


def words_of(document: Document) -> bytes:
    """The sender's words; none when nothing is written, or nothing can be read."""
    try:
        text = read(document).text
    except Unreadable:
        return b""
    return FAX_RECEIVED.sub(r"FROM \2", text).strip().encode()
