"""The filter language: what is printed is read as itself, and what cannot be read is one kind of error."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mainstem.errors import FilterUnreadable
from mainstem.ledger.search.grammar import parsed
from mainstem.ledger.search.words import DOCUMENTS, EXAMPLES, KEYS

EVERYTHING = (
    'status:failed,timeout channel:voice workflow:"claim intake" version:3 started:>-24h'
    " started:2026-11-01..2026-11-08 duration:>30s ext:ABC-1 tag:vip -tag:test err:timeout node:ocr"
    ' ctx.patient.id:123 in.order.total:>100 out.decision:"denied" is:test legacy:1001 free words "a phrase"'
)

values = st.one_of(
    st.sampled_from(["failed", "3", "-24h", "30s", "2026-11-01", "2026-11-01T09:30Z", "test", "true", "null", "*", "a*b", "=a*", '"12"', '"a b"', "..",
                     "1..2", "2..1", "1.5", "-1", "9" * 40, "1d..2d", "-1d..-1h", "01a1f118-f356-7588-91f7-88e91e000000", "0001-01-01", "\\", '"\\""', "x:y"]),
    st.text(max_size=8),
)  # fmt: skip
keys = st.one_of(
    st.sampled_from([*KEYS, *(f"{name}.a.b" for name in DOCUMENTS), 'in."a b"', "ctx.", "x"]),
    st.text(max_size=5),
)
terms = st.one_of(
    st.builds(
        "{}{}:{}{}".format,
        st.sampled_from(["", "-"]),
        keys,
        st.sampled_from(["", ">", "<=", "=", "=="]),
        values,
    ),
    st.builds('-"{}"'.format, st.text(max_size=6)),
    st.text(max_size=12),
)


@given(st.one_of(st.text(max_size=40), st.lists(terms, max_size=4).map(" ".join)))
@example(EVERYTHING)
@example("ext:==a*")
@example("ctx.a:007")
@settings(max_examples=1500, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_can_be_read_is_read_again_as_it_is_printed_and_the_rest_is_refused(text: str) -> None:
    with contextlib.suppress(FilterUnreadable):
        query = parsed(text)
        assert parsed(str(query)) == query


@pytest.mark.parametrize(
    "text",
    [example for key in (*KEYS.values(), *DOCUMENTS.values()) for example in key.examples] + [*EXAMPLES],
)
def test_every_example_in_the_reference_can_be_read(text: str) -> None:
    query = parsed(text)
    assert query.terms
    assert parsed(str(query)) == query


@pytest.mark.parametrize(
    ("text", "position", "told"),
    [
        ("staus:failed", 0, "is it 'status'"),
        ("word status:faild", 12, "is it 'failed'"),
        ("duration:>30", 10, "500ms, 30s"),
        ("started:24h", 8, "-24h"),
        ("started:-24h", 8, "started:>-1d"),
        ("channel:>voice", 8, "no order"),
        ('"open', 0, "not closed"),
        ("version:1.5", 8, "whole number"),
        ("ctx.:1", 4, "after each dot"),
        ("in.a:1..b", 5, "do not go together"),
        ("http://example.test", 0, "double quotes"),
        ("status:", 7, "status has no value"),
        ("a\x00b", 1, "holds no"),
        ("created:9999-01-01", 8, "years are"),
        ("word * word", 5, "no word"),
    ],
)
def test_an_error_says_where_and_what_is_allowed(text: str, position: int, told: str) -> None:
    with pytest.raises(FilterUnreadable) as refused:
        parsed(text)
    assert refused.value.position == position, refused.value
    assert told in str(refused.value)
    assert refused.value.hint


def test_values_that_are_allowed_are_told_to_a_program() -> None:
    with pytest.raises(FilterUnreadable) as refused:
        parsed("is:tset")
    assert refused.value.allowed == ("open", "over", "test", "child", "fork")
    assert refused.value.value == "tset"


def test_a_filter_is_bounded() -> None:
    for endless in ("a " * 51, "x" * 4001):
        with pytest.raises(FilterUnreadable, match="at most"):
            parsed(endless)
