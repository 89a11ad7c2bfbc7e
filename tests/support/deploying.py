"""A deployment to be started as a process: which servers it may reach, what it offers, where it keeps its rows."""

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import MODEL_KEY
from tests.support.serving import Serving

SettingsOf = dict[str, str | Path | float]


class Listening(Protocol):
    """A server of a test's own, whatever it speaks."""

    @property
    def port(self) -> int: ...


def reaching(authority: TestAuthority, *servers: Listening) -> SettingsOf:
    """Let it reach these servers on loopback, for which the authority vouches."""
    allowed = ", ".join(f"localhost:{server.port}=127.0.0.1/32" for server in servers)
    return {"EGRESS_ALLOW": allowed, "EXTRA_CA_FILE": authority.ca_pem}


def offering(folder: Path, server: ModelServer, model_ids: Iterable[str]) -> SettingsOf:
    """Let it offer a server's models as standard models of a provider `vendor`, with the operator's key."""
    catalogue = folder / "standard.toml"
    models = ", ".join(f"{{ id = '{model_id}' }}" for model_id in model_ids)
    catalogue.write_text(f"[vendor]\nname = 'Vendor'\nbase_url = '{server.base_url}'\nmodels = [{models}]\n")
    return {"CATALOGUE": catalogue, "STANDARD_KEYS": f"vendor={MODEL_KEY}"}


def stored_in(url: str, folder: Path, *, data: Path | None = None) -> tuple[SettingsOf, str]:
    """Let several processes share a database; gives the settings, and the URL for a test to look into it.

    `url`: PostgreSQL's, or anything that begins with "sqlite": a file in `data` (else `folder / "data"`), as a new
    process has it while the old one still drains. On PostgreSQL the processes share one ring of keys, too.
    """
    if url.startswith("sqlite"):
        data = data or folder / "data"
        return {"DATA": data}, f"sqlite+aiosqlite:///{data / 'moorage.db'}"
    return {"DATABASE_URL": plain(url), "KEY_RING_FILE": folder / "ring"}, url


def plain(url: str) -> str:
    """Give a URL as an operator writes it, without the driver's name."""
    return url.replace("+psycopg", "")


@contextlib.asynccontextmanager
async def deployed(folder: Path, settings: Mapping[str, str | Path | float]) -> AsyncIterator[Serving]:
    """Give one in `folder / "deployment"` that does not run yet; nothing of it runs on afterwards."""
    serving = Serving(folder / "deployment", settings)
    try:
        yield serving
    finally:
        await serving.close()
