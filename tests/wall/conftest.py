"""`grounds`: the three namespaces, made once for a file; the rules are taken away after each test."""

from collections.abc import Iterator

import pytest

from tests.wall.grounds import Grounds, open_grounds


@pytest.fixture(scope="module")
def namespaces() -> Iterator[Grounds]:
    with open_grounds() as grounds:
        yield grounds


@pytest.fixture
def grounds(namespaces: Grounds) -> Iterator[Grounds]:
    yield namespaces
    namespaces.wall.tear_down()
