"""The wheel's check: a mainstem without its console is not built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleHook(BuildHookInterface):  # type: ignore[type-arg]
    """An editable installation needs none: the server says so on a page of its own."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        page = Path(self.root) / "src" / "mainstem" / "console_dist" / "index.html"
        if version == "editable" or self.target_name != "wheel":
            return
        if not page.exists():
            raise RuntimeError(f"{page} is missing: run `python tools/build_console.py` first")
        build_data["artifacts"].append("src/mainstem/console_dist/**")
