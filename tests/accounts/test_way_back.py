"""Nobody is locked out: the last who comes in without the provider stays, and so does the last way of a person."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update

from moorage.accounts import break_glass, identities, owners
from moorage.accounts.principal import Principal
from moorage.accounts.provider_tables import IdentityProviderRow, IdentityRow
from moorage.accounts.tables import MembershipRow, UserRow
from moorage.accounts.teams import Team
from moorage.errors import Conflict
from moorage.storage.types import DEPLOYMENT, db_now, new_id
from tests.accounts.conftest import House
from tests.accounts.test_entry import demand_provider, marked
from tests.accounts.test_ownership import gather
from tests.accounts.test_teams import refusal, roles


async def step_down(house: House, who: Principal, *, only_provider: bool = False) -> None:
    async with house.database.write() as tx:
        await Team(tx, who, "r", only_provider=only_provider).change_role(who.user_id, "admin")


async def leave(house: House, who: Principal, *, only_provider: bool = False) -> None:
    async with house.database.write() as tx:
        await Team(tx, who, "r", only_provider=only_provider).remove_member(who.user_id)


async def hand_over(house: House, who: Principal, to: UUID, *, only_provider: bool = False) -> None:
    async with house.database.write() as tx:
        await Team(tx, who, "r", only_provider=only_provider).hand_over(to)


def every_way_down(house: House, who: Principal, heir: Principal, *, only_provider: bool) -> list[Awaitable[None]]:
    return [
        step_down(house, who, only_provider=only_provider),
        leave(house, who, only_provider=only_provider),
        hand_over(house, who, heir.user_id, only_provider=only_provider),
    ]


async def test_the_last_who_breaks_the_glass_of_a_team_stays_its_owner(house: House) -> None:
    olga = await house.sign_up("olga")
    await house.add(olga, "adam", "owner")
    mia = await house.add(olga, "mia", "member")
    await marked(house, olga)
    await demand_provider(house, olga.team_id)
    before = await roles(house, olga)
    codes = [await refusal(one) for one in every_way_down(house, olga, mia, only_provider=False)]
    assert codes == ["last_break_glass_owner"] * 3
    assert await roles(house, olga) == before


async def test_and_may_go_once_another_can_or_the_provider_is_not_demanded(house: House) -> None:
    olga = await house.sign_up("olga")
    adam = await house.add(olga, "adam", "owner")
    await marked(house, olga)
    await demand_provider(house, olga.team_id)
    # Who never broke the glass locks nobody out.
    await step_down(house, adam)
    async with house.database.write() as tx:
        await tx.execute(update(MembershipRow).where(MembershipRow.user_id == adam.user_id).values(role="owner"))
    await marked(house, adam)
    await step_down(house, olga)
    async with house.database.write() as tx:
        await tx.execute(update(IdentityProviderRow).values(only=False))
        await tx.execute(update(MembershipRow).where(MembershipRow.user_id == olga.user_id).values(role="owner"))
        await tx.execute(update(UserRow).where(UserRow.id == olga.user_id).values(break_glass=False))
    await leave(house, adam)


async def test_the_last_who_breaks_the_glass_of_the_deployment_stays_an_owner(house: House) -> None:
    olga = await house.sign_up("olga")
    adam, mia = await house.add(olga, "adam", "owner"), await house.add(olga, "mia", "member")
    await marked(house, olga)
    codes = [await refusal(one) for one in every_way_down(house, olga, mia, only_provider=True)]
    assert codes == ["last_break_glass_owner"] * 3
    await marked(house, adam)
    await step_down(house, olga, only_provider=True)


async def test_owning_another_team_is_enough_for_the_deployment(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    await marked(house, olga)
    async with house.database.write() as tx:
        await tx.execute(
            insert(MembershipRow).values(team_id=eve.team_id, user_id=olga.user_id, role="owner", joined_at=db_now())
        )
    await house.add(olga, "adam", "owner")
    await step_down(house, olga, only_provider=True)


async def test_the_last_two_who_break_the_glass_do_not_step_down_at_once_in_two_teams(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    await house.add(olga, "adam", "owner")
    await house.add(eve, "gil", "owner")
    await marked(house, olga)
    await marked(house, eve)
    began = asyncio.Event()

    async def step(who: Principal) -> None:
        async with house.database.write() as tx:
            await Team(tx, who, "r", only_provider=True).change_role(who.user_id, "admin")
            # Long enough for the other one to have counted who is left, had nothing held it up.
            if not began.is_set():
                began.set()
                await asyncio.sleep(0.2)

    assert await gather(step(olga), step(eve)) == ["last_break_glass_owner"]
    async with house.database.read() as tx:
        assert await break_glass.is_left(tx)


async def test_a_mark_without_a_team_of_ones_own_is_nobody_who_is_left(house: House) -> None:
    olga = await house.sign_up("olga")
    mia = await house.add(olga, "mia", "member")
    async with house.database.write() as tx:
        await tx.execute(update(UserRow).where(UserRow.id == mia.user_id).values(break_glass=True))
        assert not await break_glass.is_left(tx)
        assert not await break_glass.is_left_in(tx, olga.team_id)
        with pytest.raises(Conflict, match="last_break_glass_owner"):
            await owners.require_way_back(tx, olga.team_id, mia.user_id, only_provider=True)


async def test_two_links_that_are_removed_at_once_leave_one_way_in(house: House) -> None:
    olga = await house.sign_up("olga")
    links = [new_id(), new_id()]
    async with house.database.write() as tx:
        await tx.execute(update(UserRow).values(password_hash=""))
        for number, link in enumerate(links):
            await tx.execute(
                insert(IdentityRow).values(
                    id=link, provider_id=DEPLOYMENT, issuer="https://sso.example.com", subject=f"olga {number}",
                    user_id=olga.user_id, linked_at=db_now(), used_at=db_now(),
                )
            )  # fmt: skip
    looked = asyncio.Event()

    async def unlink(link: UUID) -> None:
        async with house.database.write() as tx:
            await identities.unlink(tx, olga.user_id, link)
            # Long enough for the other one to have looked, had nothing held it up.
            if not looked.is_set():
                looked.set()
                await asyncio.sleep(0.2)

    assert await gather(*(unlink(link) for link in links)) == ["identity_last"]
    async with house.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(IdentityRow)) == 1
