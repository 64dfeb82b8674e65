"""Logs: a line of JSON for each thing that happened, without secrets."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

from mainstem.ledger.redaction import masked


class JsonLines(logging.Formatter):
    """`at, level, logger, message`, the fields of a request, and a traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return masked(json.dumps(line, default=str))


def log_json(stream: TextIO) -> None:
    """All logs of this process, requests among them, to this stream."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("mainstem").setLevel(logging.INFO)
