"""Where pieces of signing in meet: locks in one order, marks that end with what they were for, cookies of thieves."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import update

from moorage.accounts import break_glass, roster, sign_ins
from moorage.accounts.acting import lock_and_require
from moorage.accounts.building import build_accounts
from moorage.accounts.permissions import Permission
from moorage.accounts.tables import TeamRow, UserRow
from moorage.accounts.teams import Team
from moorage.audit.reading import read
from moorage.audit.trail import Act, Actor, record
from moorage.errors import Invalid, NotAllowed
from moorage.storage.database import Database
from moorage.vault.passwords import Passwords
from tests.accounts.conftest import PASSWORD, Clock, House
from tests.support.authenticator import Authenticator
from tests.support.second_factors import PARTY, Safe, safe_for, vault_over

NOBODY = Actor(None, "", "r")


@pytest.fixture
def safe(house: House) -> Safe:
    """Give the parts that keep and judge second factors."""
    return safe_for(house.database)


def only_by_provider(database: Database) -> House:
    accounts = build_accounts(
        database,
        vault_over(database),
        sign_up_open=True,
        only_provider=True,
        passwords=Passwords(memory_kib=8, passes=1),
        failure_takes_s=0,
    )
    return House(database, accounts, Clock())


async def test_signing_in_and_changing_the_team_do_not_wait_for_each_other_in_a_circle(house: House) -> None:
    olga = await house.sign_up("olga")
    mia = await house.add(olga, "mia", "member")
    recorded, locked = asyncio.Event(), asyncio.Event()

    async def sign_in() -> None:
        async with house.database.write() as tx:
            await record(tx, olga.team_id, NOBODY, Act("person.signed_in", "person", str(mia.user_id), "mia"))
            recorded.set()
            if not house.database.is_sqlite:
                await locked.wait()
            await sign_ins.begin_sign_in(tx, mia.user_id, olga.team_id, house.visit().entry("password"))

    async def rename() -> None:
        await recorded.wait()
        async with house.database.write() as tx:
            team = Team(tx, olga, "r")
            await lock_and_require(tx, olga, Permission.RENAME_TEAM)
            locked.set()
            await team.rename("Another name")

    await asyncio.gather(sign_in(), rename())


async def test_two_people_of_the_same_teams_add_to_their_trails_in_one_order(house: House) -> None:
    olga, mia = await house.sign_up("olga"), await house.sign_up("mia")
    async with house.database.write() as tx:
        await roster.add_member(tx, mia.team_id, olga.user_id, "member")
        await roster.add_member(tx, olga.team_id, mia.user_id, "member")
    first, last = sorted((olga.team_id, mia.team_id))
    begun = asyncio.Event()

    async def act(user_id: UUID, team_id: UUID, *, begins: bool) -> None:
        if not begins:
            await begun.wait()
        async with house.database.write() as tx:
            if begins:
                begun.set()
            await roster.hold_sign_ins_and_trails(tx, user_id)
            await record(tx, team_id, NOBODY, Act("person.signed_in", "person", str(user_id), ""))
            await asyncio.sleep(0.05)
            await roster.record_in_all_teams(tx, user_id, NOBODY, Act("recovery.used", "person", str(user_id), ""))

    await asyncio.gather(act(olga.user_id, last, begins=True), act(mia.user_id, first, begins=False))


async def test_a_break_glass_mark_opens_nothing_once_its_bearer_owns_no_team(database: Database) -> None:
    house = only_by_provider(database)
    open_house = House(
        database, build_accounts(database, vault_over(database), sign_up_open=True, failure_takes_s=0), Clock()
    )
    olga = await open_house.sign_up("olga")
    mia = await open_house.add(olga, "mia", "owner")
    async with database.write() as tx:
        await break_glass.mark(tx, mia.user_id, "mia", NOBODY, on=True)
    await house.people.sign_in("mia@example.com", PASSWORD, house.visit())
    await open_house.change_role(olga, mia.user_id, "member")
    with pytest.raises(NotAllowed, match="provider_only"):
        await house.people.sign_in("mia@example.com", PASSWORD, house.visit())


async def test_a_passkey_does_not_open_what_only_the_provider_opens(
    house: House, safe: Safe, database: Database
) -> None:
    olga, authenticator = await house.sign_up("olga"), Authenticator(PARTY.origin)
    await safe.add_passkey(olga, authenticator)
    closed = Safe(safe.own, only_by_provider(database).accounts.second_step)
    with pytest.raises(NotAllowed, match="provider_only"):
        await closed.enter_by_passkey(authenticator, house.visit())


async def test_a_failed_sign_in_is_recorded_with_the_network_it_came_from(house: House) -> None:
    olga = await house.sign_up("olga")
    with pytest.raises(Invalid):
        await house.people.sign_in("olga@example.com", "a wrong one", house.visit(client="203.0.113.9"))
    async with house.database.read() as tx:
        entry = (await read(tx, olga.team_id, None, 1))[0]
    assert (entry.action, entry.client) == ("person.sign_in_failed", "203.0.113.0/24")


async def test_a_stream_ends_with_every_rule_that_would_refuse_a_request(house: House) -> None:
    olga = await house.sign_up("olga")
    reading = (olga.sign_in.id, olga.team_id)
    async with house.database.write() as tx:
        assert await sign_ins.those_that_read_on(tx, {reading}) == {reading}
        await tx.execute(update(TeamRow).values(needs_second_factor=True))
        assert await sign_ins.those_that_read_on(tx, {reading}) == set()
        await sign_ins.note_proof(tx, olga.sign_in.id, has_second_factor=True)
        assert await sign_ins.those_that_read_on(tx, {reading}) == {reading}
        elsewhere = (olga.sign_in.id, UUID(int=1))
        assert await sign_ins.those_that_read_on(tx, {reading, elsewhere}) == {reading}


async def test_who_copied_the_cookie_gets_nothing_of_the_factor_that_was_added(house: House, safe: Safe) -> None:
    olga = await house.sign_up("olga")
    await safe.add_app(olga)
    token = await house.people.renew(olga)
    assert await house.now("olga") is None
    moved = await house.people.find(token.text)
    assert moved is not None
    assert moved.sign_in.has_second_factor


async def test_the_mark_alone_is_no_owner(house: House) -> None:
    olga = await house.sign_up("olga")
    mia = await house.add(olga, "mia", "member")
    async with house.database.write() as tx:
        await tx.execute(update(UserRow).where(UserRow.id.in_([olga.user_id, mia.user_id])).values(break_glass=True))
        borne = [await break_glass.is_borne_by(tx, one.user_id) for one in (olga, mia)]
    assert borne == [True, False]
