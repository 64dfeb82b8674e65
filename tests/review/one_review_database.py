"""One database for all reviews of a server, a schema for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from review_databases import Reviewed

from servers import database


@pytest.fixture(scope="package")
def reviewed(server_url: str) -> Iterator[Reviewed]:
    with database(server_url) as url:
        yield Reviewed(url)
