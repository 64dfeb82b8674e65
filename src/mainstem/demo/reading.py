"""Reading: a document's file as pages of text."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from mainstem.demo.model import Channel, Document, Reading

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from pypdf import PageObject

DOCUMENTS: Traversable = files("mainstem.demo") / "documents"


class Unreadable(ValueError):
    """The document's text cannot be had, however often one tries. Somebody has to ask for it again."""


class UnreadableScan(Unreadable):
    """A page is a picture without a letter in it. Ask the sender for a better scan."""


class DamagedDocument(Unreadable):
    """The file is not whole. Ask the sender, or the carrier, to send it again."""


def read(document: Document) -> Reading:
    """Raises UnreadableScan or DamagedDocument."""
    file = DOCUMENTS / document.file
    match document.channel:
        case Channel.WEB:
            pages = [read_form(file)]
        case Channel.VOICE:
            pages = [file.read_text(encoding="utf-8")]
        case Channel.EFAX:
            pages = read_fax(file)
    return Reading(document.channel, pages)


def read_form(file: Traversable) -> str:
    try:
        text = file.read_text(encoding="utf-8")
        form = json.loads(text)
    except ValueError as error:
        raise DamagedDocument(f"{file.name} is no whole JSON: {error}") from error
    if not isinstance(form, dict):
        raise DamagedDocument(f"{file.name} is JSON, and no form")
    return text


def read_fax(file: Traversable) -> list[str]:
    with file.open("rb") as stream:
        try:
            pages = PdfReader(stream, strict=True).pages
            return [
                read_page(page, f"page {number} of {file.name}") for number, page in enumerate(pages, start=1)
            ]
        except PyPdfError as error:
            raise DamagedDocument(f"{file.name} is no whole PDF: {error}") from error


def read_page(page: PageObject, name: str) -> str:
    """The page's text; empty for an empty page, which is not the same as a picture of one."""
    text = page.extract_text().strip()
    if not text and page.images.keys():
        raise UnreadableScan(f"{name} is a picture without text")
    return text
