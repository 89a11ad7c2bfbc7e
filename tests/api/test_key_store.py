"""P12: a deployment whose data keys are wrapped by a transit server, which is away, sealed, or another one at times."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from moorage.connections.credentials import reseal_connection
from moorage.connections.tables import ConnectionRow
from moorage.errors import Unavailable
from moorage.vault.keys import Vault
from moorage.vault.rotate import Rotated, Rotation
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Harbour, Person, running, settings_for
from tests.support.transit_double import TransitDouble, transit_double


class Shore:
    """What a deployment with a key store needs; `serve` runs it."""

    def __init__(self, url: str, folder: Path, authority: TestAuthority, models: ModelServer, store: TransitDouble):
        self._url, self._folder, self._authority, self._models = url, folder, authority, models
        self.store = store
        self.token = folder / "token"
        self.ring = folder / "data" / "keys"

    @asynccontextmanager
    async def serve(self, **changes: Any) -> AsyncIterator[Harbour]:
        """Serve until the end of the block."""
        given = {"key_source": "transit", "transit_url": self.store.url, "transit_token_file": self.token, **changes}
        settings = settings_for(self._url, self._folder, self._authority, self._models, **given)
        async with running(settings, self._models) as harbour:
            yield harbour


@pytest.fixture
async def shore(database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Shore]:
    authority, server = models
    async with transit_double(tmp_path / "store") as store:
        # One file of the operator vouches for both.
        authority.ca_pem.write_bytes(authority.ca_pem.read_bytes() + store.ca_pem.read_bytes())
        shore = Shore(database_url, tmp_path, authority, server, store)
        await store.make_key("moorage")
        shore.token.write_text(await store.make_token())
        yield shore


async def connect(harbour: Harbour) -> tuple[Person, str]:
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady"])
    return olga, next(model["ref"] for model in made["models"] if model["enabled"])


async def problem_of(olga: Person, ref: str) -> Any:
    return (await olga.wait_for(await olga.ask("Hello", ref)))["problem"]


async def rotate(harbour: Harbour) -> Rotated:
    parts = harbour.built.parts
    fresh = Vault(parts.database, parts.vault.sources)
    return await Rotation(parts.database, fresh, {"connection": reseal_connection}, lambda *_: None).run()


async def test_everything_works_without_a_ring_and_the_store_keeps_the_key(shore: Shore) -> None:
    async with shore.serve() as harbour:
        olga, ref = await connect(harbour)
        assert await problem_of(olga, ref) is None
        assert not shore.ring.exists()
    async with shore.serve() as harbour:
        asked = len(shore.store.asked)
        again = await harbour.somebody().enter("/api/sign-in", {"email": "olga@example.com", "password": PASSWORD})
        assert await problem_of(again, ref) is None
        assert await problem_of(again, ref) is None
        # One unwrapping for the team, none for the second reply.
        assert len(shore.store.asked) - asked == 1


async def test_a_store_that_is_sealed_meanwhile_stops_replies_with_a_reason_and_costs_nothing(shore: Shore) -> None:
    async with shore.serve() as harbour:
        olga, ref = await connect(harbour)
        await shore.store.seal()
        assert await problem_of(olga, ref) is None
        parts = harbour.built.parts
        team = olga.session["team"]["id"]
        parts.vault.forget(UUID(team))
        async with parts.database.write() as tx:
            await tx.execute(update(ConnectionRow).values(health="slow"))
        problem = await problem_of(olga, ref)
        assert problem["code"] == "keys_unavailable"
        assert "seal" not in problem["message"].replace("stored sealed", "")
        [connection] = (await olga.get("/api/connections"))["connections"]
        # It says nothing about the endpoint, neither good nor bad.
        assert connection["health"] == "slow"
        refused = await olga.call("POST", f"/api/connections/{connection['id']}/tests")
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "keys_unavailable")
        shore.store.is_sealed = False
        assert await problem_of(olga, ref) is None


@pytest.mark.parametrize(
    ("breaking", "code"),
    [
        ("sealed", "key_store_sealed"),
        ("away", "key_store_unreachable"),
        ("token", "key_store_refused"),
        ("other key", "key_wrong"),
        ("no key", "key_store_refused"),
        ("too old", "key_store_version"),
    ],
)
async def test_a_start_with_a_store_that_can_not_help_is_refused_with_the_cause(
    shore: Shore, breaking: str, code: str
) -> None:
    async with shore.serve() as harbour:
        await connect(harbour)
    changes: dict[str, Any] = {}
    if breaking == "sealed":
        await shore.store.seal()
    elif breaking == "away":
        changes["transit_url"] = "https://localhost:1"
    elif breaking == "token":
        await shore.store.revoke(shore.token.read_text())
    elif breaking == "other key":
        await shore.store.make_key("moorage")
    elif breaking == "no key":
        await shore.store.delete_key("moorage")
    else:
        await shore.store.rotate("moorage")
        await shore.store.set_min_decryption_version("moorage", 2)
    with pytest.raises(Unavailable) as refused:
        async with shore.serve(**changes):
            pass
    assert refused.value.code == code


async def test_data_keys_move_from_the_ring_into_the_store_and_back(shore: Shore) -> None:
    ring_only = {"key_source": "local", "transit_url": "", "transit_token_file": None}
    async with shore.serve(**ring_only) as harbour:
        olga, ref = await connect(harbour)
    signed_in = {"email": "olga@example.com", "password": PASSWORD}
    kept = shore.ring.with_name("kept")
    async with shore.serve() as harbour:
        olga = await harbour.somebody().enter("/api/sign-in", signed_in)
        assert await problem_of(olga, ref) is None
        done = await rotate(harbour)
        # The team's, and the deployment's, under which the audit trail's signing key lies.
        assert (done.wrapped, done.sealed, len(done.released)) == (2, 0, 1)
        assert await problem_of(olga, ref) is None
    shore.ring.rename(kept)
    async with shore.serve() as harbour:
        olga = await harbour.somebody().enter("/api/sign-in", signed_in)
        assert await problem_of(olga, ref) is None
        await shore.store.rotate("moorage")
        await harbour.built.parts.vault.sources.refresh()
        assert (await rotate(harbour)).released == ["transit:transit/moorage:v1"]
        await shore.store.set_min_decryption_version("moorage", 2)
    kept.rename(shore.ring)
    async with shore.serve(key_source="local") as harbour:
        assert (await rotate(harbour)).wrapped == 2
    async with shore.serve(**ring_only) as harbour:
        olga = await harbour.somebody().enter("/api/sign-in", signed_in)
        assert await problem_of(olga, ref) is None
