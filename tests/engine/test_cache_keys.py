"""What a cached result is known by."""

from __future__ import annotations

from typing import Any

import pytest

from mainstem import Cache, UnstorableValue


def test_another_version_of_the_function_is_not_given_what_the_old_one_made() -> None:
    told = {"name": "rate"}
    keys = {Cache(ttl=1, version=version).digest(told, {"day": 1}) for version in (1, 1, 2)}
    assert len(keys) == 2


def test_the_order_of_the_arguments_counts_for_nothing() -> None:
    cache = Cache(ttl=1)
    assert (
        cache.digest({}, {"a": 1, "b": 2}) == cache.digest({}, {"b": 2, "a": 1}) != cache.digest({}, {"a": 2})
    )


def test_a_key_that_has_no_json_form_is_refused() -> None:
    with pytest.raises(UnstorableValue, match="key under which"):
        Cache(ttl=1, key=lambda **_: b"bytes").digest({}, {})


@pytest.mark.parametrize(
    ("given", "why"), [({"ttl": 0}, "0 seconds"), ({"ttl": 1, "scope": "world"}, "world")]
)
def test_a_cache_that_makes_no_sense_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Cache(**given)
