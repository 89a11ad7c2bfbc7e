"""`other_url`: an empty database of either engine beside the one of `database`, for what is copied."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from moorage.storage.engines import sqlite_url
from tests.support.databases import PostgresCluster, chosen_databases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "other_url" in metafunc.fixturenames:
        metafunc.parametrize("other_url", chosen_databases(metafunc.config), indirect=True, ids="to_{}".format)


@pytest.fixture
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "other.db")
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    name = f"o_{uuid.uuid4().hex}"
    cluster.create(name)
    try:
        yield cluster.url(name)
    finally:
        cluster.drop(name)
