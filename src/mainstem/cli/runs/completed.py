"""Completed: the terms of a filter as a shell's Tab has them, from the words of the language and no database."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from mainstem.ledger.search.words import DOCUMENTS, KEYS


def filter_completed(context: click.Context, _query: click.Parameter, typed: str) -> list[CompletionItem]:
    """Keys that begin so; after a colon the values of a key that takes one of a list.

    bash parts a word at its colon, other shells do not: there the value is completed, here the whole term.
    """
    before: tuple[str, ...] = context.params.get("query") or ()
    if typed == ":":
        return _values(before[-1:], "")
    if before[-1:] == (":",):
        return _values(before[-2:-1], typed)
    key, colon, value = typed.rpartition(":")
    if colon:
        return [CompletionItem(f"{key}:{found.value}") for found in _values((key,), value)]
    return _keys(typed)


def _keys(typed: str) -> list[CompletionItem]:
    minus = "-" * typed.startswith("-")
    known = [(f"{key.name}:", key.says) for key in KEYS.values()]
    known += [(key.name, key.says) for key in DOCUMENTS.values()]
    return [
        CompletionItem(minus + name, help=says) for name, says in known if (minus + name).startswith(typed)
    ]


def _values(key: tuple[str, ...], typed: str) -> list[CompletionItem]:
    """Of several values, parted by commas, the last."""
    [name] = key or ("",)
    known = KEYS.get(name.lstrip("-"))
    given, comma, begun = typed.rpartition(",")
    choices = known.choices if known else ()
    return [CompletionItem(f"{given}{comma}{choice}") for choice in choices if choice.startswith(begun)]
