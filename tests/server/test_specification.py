"""The specification: what it says may be asked is asked, and answered as it says. It takes in every route there is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from cases import Case, Seeded, every_case, seeded_database
from hypothesis import HealthCheck, Phase, given, seed, settings

from listening import started
from mainstem.server import ServerConfig, create_app
from mainstem.server.access import Access

EXAMPLES = 12
"""Requests for each operation."""

FAST = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)

Spec = dict[str, Any]


@pytest.fixture(scope="module")
def spec() -> Spec:
    return create_app(ServerConfig(url="postgresql://nowhere")).openapi()


@pytest.fixture(scope="module")
def served(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Seeded, str]]:
    """Two tenants, and a server in a process of its own."""
    with (
        seeded_database(server_url) as seeded,
        started(
            "serve", "--port", "0", directory=tmp_path_factory.mktemp("served"), url=seeded.url, told="stderr"
        ) as (_, told),
    ):
        yield seeded, told["url"]


def test_it_is_of_openapi_3_1_and_names_each_operation_once(spec: Spec) -> None:
    assert spec["openapi"].startswith("3.1")
    names = [told["operationId"] for operations in spec["paths"].values() for told in operations.values()]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch("[a-z][a-z0-9_]*", name)] == []


def test_whatever_it_allows_is_answered_without_a_failure(spec: Spec, served: tuple[Seeded, str]) -> None:
    """With real ids and with others; most operations answer 2xx to some of it."""
    seeded, url = served
    schema = schemathesis.openapi.from_dict(spec)
    answers: dict[str, set[int]] = defaultdict(set)
    failures: list[tuple[str, str]] = []
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # a specification that cannot be read raises here
        name = f"{operation.method.upper()} {operation.path}"
        if streams(spec, operation.path, operation.method):
            continue
        ids = ids_of(operation.method, operation.path, seeded)
        told = Told(url, seeded.key(seeded.a, Access.ADMIN), ids, answers[name], failures)
        FAST(seed(7)(given(case=operation.as_strategy())(told.ask)))()
    assert failures == []
    assert len(answers) > 10
    good = [name for name, statuses in answers.items() if any(200 <= status < 300 for status in statuses)]
    assert len(good) >= 0.6 * len(answers), sorted(set(answers) - set(good))


class Told:
    """What came of the requests of one operation."""

    def __init__(
        self, url: str, key: str, ids: dict[str, str], statuses: set[int], failures: list[tuple[str, str]]
    ) -> None:
        self.url, self.ids, self.statuses, self.failures = url, ids, statuses, failures
        self.headers = {"Authorization": f"Bearer {key}"}
        self.asked = 0

    def ask(self, case: Any) -> None:
        self.asked += 1
        if self.asked % 3:  # two of three with ids that are there
            case.path_parameters = {**(case.path_parameters or {}), **self.named(case)}
        try:
            answer = case.call(base_url=self.url, headers=self.headers, timeout=20)
        except (UnicodeError, requests.exceptions.InvalidHeader):  # no client can send it
            return
        self.statuses.add(answer.status_code)
        if answer.status_code >= 500:
            self.failures.append((case.as_curl_command(), answer.text[:300]))
        elif answer.status_code >= 400 and answer.headers["content-type"] != ["application/problem+json"]:
            self.failures.append((case.as_curl_command(), str(answer.headers["content-type"])))

    def named(self, case: Any) -> dict[str, str]:
        return {name: value for name, value in self.ids.items() if name in (case.path_parameters or {})}


def ids_of(method: str, path: str, seeded: Seeded) -> dict[str, str]:
    found: list[Case] = [case for case in every_case() if (case.method, case.path) == (method.upper(), path)]
    return found[0].ids(seeded) if found else {}


def streams(spec: Spec, path: str, method: str) -> bool:
    """What never ends has tests of its own."""
    responses = spec["paths"][path][method]["responses"]
    return any("text/event-stream" in told.get("content", {}) for told in responses.values())


def test_what_it_shows_as_an_example_is_valid_and_answered(spec: Spec) -> None:
    shown = {
        path: told["requestBody"]
        for path, operations in spec["paths"].items()
        for told in operations.values()
        if "requestBody" in told
    }
    bare = []
    for path, body in shown.items():
        for content in body["content"].values():
            schema = content.get("schema", {})
            named = spec["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
            if not (content.get("example") or content.get("examples") or named.get("examples")):
                bare.append(path)
    assert bare == []
