"""Holds for every test: it stays on loopback, and one that stores anything runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.support.databases import chosen_databases, database_url, postgres_cluster
from tests.support.loopback_only import LoopbackGuard
from tests.support.migrated import database
from tests.support.peers import aimock, plain_aimock
from tests.support.running import harbour, models

# fixtures for all tests
__all__ = ["aimock", "database", "database_url", "harbour", "models", "plain_aimock", "postgres_cluster"]

GUARD = pytest.StashKey[LoopbackGuard]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--databases", default="sqlite,postgresql", help="engines for tests that store something (default: both)"
    )


def pytest_configure(config: pytest.Config) -> None:
    guard = LoopbackGuard()
    guard.install()
    config.stash[GUARD] = guard


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", chosen_databases(metafunc.config), indirect=True)


@pytest.fixture(autouse=True)
def stays_on_loopback(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that tried to leave the machine, even if the code under test swallowed the refusal."""
    guard = request.config.stash[GUARD]
    guard.take()
    yield
    if attempts := guard.take():
        pytest.fail("the test tried to leave this machine: " + ", ".join(attempts), pytrace=False)
