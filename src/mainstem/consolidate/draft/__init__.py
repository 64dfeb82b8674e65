"""A draft: from what was found to a mapping in which every decision that only a person can make is a question."""

from mainstem.consolidate.draft.mapping import draft
from mainstem.consolidate.draft.preset import annotated, preset_for

__all__ = ["annotated", "draft", "preset_for"]
