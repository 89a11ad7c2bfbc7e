"""Holds for every test: it stays on loopback, and one that stores anything runs on SQLite and on PostgreSQL."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.codebase import ROOT
from tests.support.compiled import share_compiled_statements
from tests.support.databases import (
    chosen_databases,
    database_url,
    empty_database_url,
    migrated_file,
    migrated_template,
    postgres_cluster,
)
from tests.support.identity_provider import identity_provider, shared_identity_provider
from tests.support.logged import everything_is_logged
from tests.support.loopback_only import LoopbackGuard
from tests.support.migrated import database
from tests.support.peers import aimock, plain_aimock
from tests.support.running import harbour, models

# fixtures for all tests
__all__ = [
    "aimock",
    "database",
    "database_url",
    "empty_database_url",
    "everything_is_logged",
    "harbour",
    "identity_provider",
    "migrated_file",
    "migrated_template",
    "models",
    "plain_aimock",
    "postgres_cluster",
    "shared_identity_provider",
]

# No test judges how fast the machine is: an example that was slow once is no defect.
settings.register_profile("moorage", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("moorage")

GUARD = pytest.StashKey[LoopbackGuard]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--databases", default="sqlite,postgresql", help="engines for tests that store something (default: both)"
    )


def pytest_configure(config: pytest.Config) -> None:
    # Processes that tests start keep what they compiled, as an installed server does; some environments forbid it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(ROOT / ".cache" / "bytecode")
    share_compiled_statements()
    guard = LoopbackGuard()
    guard.install()
    config.stash[GUARD] = guard


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name in {"database_url", "empty_database_url"} & set(metafunc.fixturenames):
        metafunc.parametrize(name, chosen_databases(metafunc.config), indirect=True)


def pytest_collection_finish() -> None:
    # What was imported and collected stays to the end: Python need not look through it again and again.
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def stays_on_loopback(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that tried to leave the machine, even if the code under test swallowed the refusal."""
    guard = request.config.stash[GUARD]
    guard.take()
    yield
    if attempts := guard.take():
        pytest.fail("the test tried to leave this machine: " + ", ".join(attempts), pytrace=False)
