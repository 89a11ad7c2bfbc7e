"""Deployments on either engine with a folder for their backups, and what their tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.authority import TestAuthority
from tests.support.deploying import deployed, plain, reaching
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Person
from tests.support.serving import Serving

PASSPHRASE = "heavy fog over the old pier"
SIGN_IN = {"email": "olga@example.com", "password": PASSWORD}


@pytest_asyncio.fixture
async def deployment(
    tmp_path: Path, empty_database_url: str, models: tuple[TestAuthority, ModelServer]
) -> AsyncIterator[Serving]:
    """Give a deployment on either engine, with a folder for its backups beside it."""
    authority, server = models
    settings = {**reaching(authority, server), "CHECK_EVERY_S": 0}
    if not empty_database_url.startswith("sqlite"):
        settings["DATABASE_URL"] = plain(empty_database_url)
    (tmp_path / "backups").mkdir()
    async with deployed(tmp_path, settings) as serving:
        yield serving


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "backups"


async def backed_up(deployment: Serving, to: Path, *options: str) -> Path:
    """Make a backup that must succeed; gives its file."""
    code, said = await deployment.run("backup", "--to", str(to), *options)
    assert code == 0, said
    path = next(Path(line.split("  ")[0]) for line in said.splitlines() if line.startswith(str(to)))
    assert path.stat().st_mode & 0o777 == 0o600
    return path


async def sign_in(person: Person) -> Person:
    return await person.enter("/api/sign-in", SIGN_IN)


def names_in(folder: Path, pattern: str = "*") -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


def url_of(deployment: Serving, empty_database_url: str) -> str:
    """Give the URL of the deployment's database, on either engine."""
    on_file = f"sqlite+aiosqlite:///{deployment.data}/moorage.db"
    return empty_database_url if "+psycopg" in empty_database_url else on_file
