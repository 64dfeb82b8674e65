"""Kind `http`: a request, its answer as JSON where it is JSON."""

from __future__ import annotations

import json
import math
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Annotated, Any, Literal
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from pydantic import Field

from mainstem.errors import CallFailed, KindRefused
from mainstem.flow.program import used_endpoint
from mainstem.flow.threads import in_thread
from mainstem.graph.kinds.kind import Kind, Task
from mainstem.graph.model import Written
from mainstem.model import Json

LARGEST = 8 * 2**20
"""Bytes of an answer."""

PATIENCE = 30.0
"""Seconds, where the node has no timeout."""

COMES_AGAIN = {408, 425, 429, 500, 502, 503, 504}
"""What a server answers that may answer otherwise later."""


class Asked(Written):
    """The request. `{name}` in url, query and headers is an input; the other inputs are the body of a POST, PUT or PATCH."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    accept: list[int] = Field(default_factory=list)
    """Statuses that are no failure; 200 to 299 without."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: bytes

    @property
    def value(self) -> Json:
        text = self.body.decode(self.headers.get_content_charset() or "utf-8", "replace")
        if "json" not in self.headers.get_content_type():
            return text
        try:
            return json.loads(text)
        except ValueError as error:
            raise CallFailed(f"the answer says that it is JSON, and is none: {error}") from error


class Http(Kind):
    """Gives {status, body}. 408, 425, 429, 5xx and a silent server are tried again, after Retry-After where it is said."""

    name = "http"
    config = Asked

    async def run(self, task: Task) -> Json:
        request = _request(task.config, task.inputs)
        used_endpoint(f"{task.config.method} {request.full_url.partition('?')[0]}")
        answer = await in_thread(partial(_sent, request, task.node.timeout or PATIENCE))
        _refuse_failure(answer, task.config, request)
        return {"status": answer.status, "body": answer.value}


def _request(asked: Asked, inputs: Mapping[str, Json]) -> Request:
    texts = [asked.url, *asked.headers.values(), *asked.query.values()]
    said = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
    url = _filled(asked.url, {name: quote(_text(value), safe="") for name, value in inputs.items()})
    if asked.query:
        url += "?" + urlencode({name: _filled(text, inputs) for name, text in asked.query.items()})
    headers = {name: _filled(text, inputs) for name, text in asked.headers.items()}
    body = None
    if asked.method in {"POST", "PUT", "PATCH"}:
        body = json.dumps({name: value for name, value in inputs.items() if name not in said}).encode()
        headers = {"Content-Type": "application/json", **headers}
    return Request(url, data=body, headers=headers, method=asked.method)  # noqa: S310  (http and https, by its pattern)


def _filled(text: str, inputs: Mapping[str, Json]) -> str:
    try:
        return text.format_map({name: _text(value) for name, value in inputs.items()})
    except (KeyError, ValueError, IndexError, AttributeError) as refusal:
        raise KindRefused(
            f"{text!r} says {refusal}, and the inputs are {', '.join(inputs) or 'none'}",
            hint="bind it in data_bindings",
        ) from refusal


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _sent(request: Request, seconds: float) -> Answer:
    try:
        with urlopen(request, timeout=seconds) as answer:  # noqa: S310  (as above)
            return _read(answer, answer.status)
    except HTTPError as refusal:
        with refusal:
            return _read(refusal, refusal.code)
    except (URLError, OSError) as error:
        raise CallFailed(f"{request.host} does not answer: {error}") from error


def _read(answer: Any, status: int) -> Answer:
    body = answer.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise KindRefused(
            f"the answer is longer than {LARGEST:,} bytes", hint="ask for less, or fetch it in a python node"
        )
    return Answer(status, answer.headers, body)


def _refuse_failure(answer: Answer, asked: Asked, request: Request) -> None:
    if answer.status in asked.accept or (not asked.accept and 200 <= answer.status < 300):
        return
    told = f"{asked.method} {request.host} answered {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}"
    if answer.status in COMES_AGAIN:
        raise CallFailed(told, retry_after=_retry_after(answer.headers.get("Retry-After")))
    raise KindRefused(told, hint="mend the request, or accept this status")


def _retry_after(said: str | None) -> float | None:
    """Seconds, or a date: RFC 9110, 10.2.3. What is neither says nothing."""
    if said is None:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
