"""Nobody gets into a team that is being erased, by whatever door, and nothing opens it again."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.entering import Guest, admit
from moorage.accounts.oidc.claims import Claims
from moorage.accounts.oidc.client import Registration
from moorage.accounts.oidc.refusals import ProviderRefused
from moorage.accounts.provider_tables import IdentityProviderRow, IdentityRow, LogoutTokenRow
from moorage.accounts.providers import Provider
from moorage.accounts.role_map import RoleMap
from moorage.accounts.roster import Person, add_person
from moorage.accounts.standing import set_standing
from moorage.accounts.tables import MembershipRow, TeamRow
from moorage.accounts.visit import Visit
from moorage.audit.deployment import OPERATOR
from moorage.audit.tables import AuditRow
from moorage.audit.trail import Act, Actor, record
from moorage.errors import Conflict
from moorage.privacy import jobs
from moorage.privacy.carrying_out import hold_team, shut_doors_of_team
from moorage.privacy.erasing import Erasures
from moorage.privacy.scope import TeamScope
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT, db_now, new_id
from tests.scope.world import World
from tests.usage.quayside import add_team


async def _add_provider(tx: AsyncConnection, team_id: UUID) -> UUID:
    """A provider that the team has set up, somebody whom it knows, and a logout that it told."""
    mia = Person("Mia", "mia@example.com", "", "en")
    provider_id, person_id, now = new_id(), await add_person(tx, mia, is_operator=False), db_now()
    texts = {"name": "Ours", "issuer": "https://login.example", "client_id": "moorage", "scopes": "openid"}
    row = {**texts, "groups_claim": "groups", "roles": "[]", "default_role": "member", "enabled": True}
    await tx.execute(insert(IdentityProviderRow).values(id=provider_id, team_id=team_id, created_at=now, **row))
    identity = {"issuer": "https://login.example", "subject": "mia", "user_id": person_id}
    of = {"provider_id": provider_id}
    await tx.execute(insert(IdentityRow).values(id=new_id(), **of, **identity, linked_at=now, used_at=now))
    await tx.execute(insert(LogoutTokenRow).values(**of, token_hash=b"l" * 32, expires_at=now))
    return provider_id


def _guest(provider_id: UUID, team_id: UUID | None, home: UUID | None) -> Guest:
    roles = RoleMap(default="member")
    registration = Registration("https://login.example", "moorage", None, "openid", "groups")
    provider = Provider(provider_id, team_id, "Ours", registration, roles, home_team=home)
    claims = Claims(
        "mia", None, "mia@example.com", is_mail_verified=True, name="Mia", groups=frozenset(),
        groups_elsewhere=False, has_second_factor=False, proved_at_s=None,
    )  # fmt: skip
    return Guest(provider, claims, "en", Visit("", "r"))


@pytest_asyncio.fixture
async def erasing(database: Database) -> AsyncIterator[Mapping[str, Any]]:
    """Give a team with a provider of its own whose erasure has begun."""
    team_id = await add_team(database)
    async with database.write() as tx:
        provider_id = await _add_provider(tx, team_id)
        await hold_team(tx, TeamScope(team_id))
        await shut_doors_of_team(tx, TeamScope(team_id))
    yield {"team": team_id, "provider": provider_id}


async def test_its_identity_provider_goes_with_the_doors(erasing: Mapping[str, Any], database: Database) -> None:
    async with database.read() as tx:
        for column in (IdentityProviderRow.id, IdentityRow.provider_id, LogoutTokenRow.provider_id):
            assert (await tx.scalars(select(column))).all() == [], column


@pytest.mark.parametrize("is_the_deployments", [False, True])
async def test_who_comes_back_from_a_provider_meanwhile_is_no_member(
    erasing: Mapping[str, Any], database: Database, is_the_deployments: bool
) -> None:
    team_id: UUID = erasing["team"]
    guest = _guest(DEPLOYMENT, None, team_id) if is_the_deployments else _guest(erasing["provider"], team_id, None)
    with pytest.raises(ProviderRefused) as refused:
        async with database.write() as tx:
            await admit(tx, guest, sign_up_open=True)
    assert refused.value.finding == "oidc_team_gone"
    async with database.read() as tx:
        assert (await tx.scalars(select(MembershipRow.user_id))).all() == []


@pytest.mark.parametrize("wish", [{"plan": None, "standing": "active"}, {"plan": "enterprise", "standing": None}])
async def test_neither_the_operator_nor_a_billing_system_opens_it_again(
    erasing: Mapping[str, Any], database: Database, wish: Mapping[str, Any]
) -> None:
    with pytest.raises(Conflict) as refused:
        async with database.write() as tx:
            await set_standing(tx, erasing["team"], **wish, actor=OPERATOR)
    assert refused.value.code == "team_being_erased"
    async with database.read() as tx:
        assert (await tx.execute(select(TeamRow.plan, TeamRow.standing))).one() == ("free", "erasing")


class _Late(Erasures):
    """Somebody's entry comes when the trail was pruned already."""

    async def _prune(self, job: jobs.Job, team_id: UUID) -> None:
        await super()._prune(job, team_id)
        async with self._database.write() as tx:
            joined = Act("member.joined", "person", str(new_id()), "Quillfeather", details={"role": "member"})
            await record(tx, team_id, Actor(None, "Quillfeather", ""), joined)


async def test_an_entry_that_comes_late_is_pruned_with_the_end(world: World) -> None:
    database, team_id = world.harbour.built.parts.database, UUID(world.belongings["olga"]["team"])
    erasures = _Late(database, world.harbour.data / "later", "here:1")
    async with erasures.asking() as asked:
        await erasures.ask_for_team(asked, team_id, OPERATOR)
        job = await jobs.claim(asked.tx, "here:1", jobs.ERASURES)
    assert job is not None
    await erasures.work(job)
    async with database.read() as tx:
        actions = set(await tx.scalars(select(AuditRow.action).where(AuditRow.team_id == team_id)))
    assert actions == {"audit.pruned", "team.erased"}
