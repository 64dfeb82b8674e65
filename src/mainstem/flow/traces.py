"""Traceparents: what W3C's Trace Context says of the span that a piece of work belongs to."""

from __future__ import annotations

import re
import sys

_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def current_traceparent() -> str | None:
    """Of the OpenTelemetry span that this code runs in; None where there is none, or nobody has loaded its API."""
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return None
    span = api.get_current_span().get_span_context()
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}" if span.is_valid else None


def is_traceparent(text: str) -> bool:
    """Whether it has the form of one; what comes from outside and has not is passed over, as the standard wants it."""
    return _FORM.fullmatch(text) is not None
