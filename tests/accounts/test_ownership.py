"""Handing a team over, invitations opened at once, and the account for the day the identity provider is gone."""

import asyncio
import dataclasses
from collections.abc import Awaitable

import pytest
from sqlalchemy import select

from moorage.accounts import break_glass
from moorage.accounts.members_now import no_longer_members
from moorage.accounts.people import NewPerson
from moorage.accounts.principal import Principal
from moorage.accounts.tables import MembershipRow
from moorage.accounts.teams import Team
from moorage.audit.reading import read
from moorage.audit.trail import Actor
from moorage.errors import Conflict, MoorageError, NotAllowed, NotFound
from tests.accounts.conftest import PASSWORD, House
from tests.accounts.test_teams import invite, refusal, roles
from tests.support.second_factors import entered

OPERATOR = Actor(None, "operator", "")


async def hand_over(house: House, who: Principal, to: Principal) -> None:
    async with house.database.write() as tx:
        await Team(tx, who, "r").hand_over(to.user_id)


def unproved(who: Principal) -> Principal:
    return dataclasses.replace(who, sign_in=dataclasses.replace(who.sign_in, has_proved=False))


async def test_an_owner_hands_the_team_over_and_steps_down_in_one_entry(house: House) -> None:
    olga = await house.sign_up("olga")
    mia = await house.add(olga, "mia", "member")
    link = await invite(house, olga, "owner")
    await hand_over(house, olga, mia)
    assert await roles(house, olga) == {"olga": "admin", "mia": "owner"}
    # What the former owner offered as an owner is taken back, and the new one signs in anew.
    assert await refusal(house.people.join_as_new(link, NewPerson("x", "x@example.com", PASSWORD, "en"), house.visit()))
    assert await house.now("mia") is None
    assert await house.now("olga") is not None
    async with house.database.read() as tx:
        entry = (await read(tx, olga.team_id, None, 1))[0]
    assert (entry.action, entry.object_id, entry.details) == (
        "team.handed_over",
        str(mia.user_id),
        {"before": "member"},
    )


async def test_a_team_is_handed_over_by_owners_to_members_with_a_proof(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    adam, mia = await house.add(olga, "adam", "admin"), await house.add(olga, "mia", "member")
    assert await refusal(hand_over(house, adam, mia)) == "owners_only"
    assert await refusal(hand_over(house, mia, mia)) == "owners_only"
    assert await refusal(hand_over(house, unproved(olga), mia)) == "proof_needed"
    assert await refusal(hand_over(house, olga, eve)) == "member_gone"
    assert await refusal(hand_over(house, olga, olga)) == "already_owner"
    assert await roles(house, olga) == {"olga": "owner", "adam": "admin", "mia": "member"}


async def test_whoever_touches_an_owner_proves_who_they_are(house: House) -> None:
    olga = await house.sign_up("olga")
    adam = await house.add(olga, "adam", "owner")
    stranger_at_the_desk = unproved(olga)
    assert await refusal(house.change_role(stranger_at_the_desk, adam.user_id, "member")) == "proof_needed"
    assert await refusal(house.remove(stranger_at_the_desk, adam.user_id)) == "proof_needed"
    assert await refusal(invite(house, stranger_at_the_desk, "owner")) == "proof_needed"
    await invite(house, stranger_at_the_desk, "member")


async def test_two_owners_who_hand_over_and_remove_each_other_at_once_leave_one(house: House) -> None:
    olga = await house.sign_up("olga")
    adam, mia = await house.add(olga, "adam", "owner"), await house.add(olga, "mia", "member")
    await asyncio.gather(
        hand_over(house, olga, mia),
        house.remove(adam, olga.user_id),
        house.remove(olga, adam.user_id),
        house.change_role(adam, adam.user_id, "member"),
        return_exceptions=True,
    )
    async with house.database.read() as tx:
        owners = await tx.scalars(select(MembershipRow.user_id).where(MembershipRow.role == "owner"))
        assert len(owners.all()) >= 1


async def gather(*doing: Awaitable[object]) -> list[str]:
    results = await asyncio.gather(*doing, return_exceptions=True)
    assert all(not isinstance(one, BaseException) or isinstance(one, MoorageError) for one in results), results
    return sorted(str(one) for one in results if isinstance(one, BaseException))


async def test_of_several_who_open_one_link_at_once_one_joins(house: House) -> None:
    olga = await house.sign_up("olga")
    link = await invite(house, olga)
    new = [NewPerson(f"p{number}", f"p{number}@example.com", PASSWORD, "en") for number in range(4)]
    assert await gather(*(house.people.join_as_new(link, one, house.visit()) for one in new)) == ["invitation_gone"] * 3
    assert len(await roles(house, olga)) == 2


async def test_somebody_who_opens_two_links_at_once_joins_once(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    links = [await invite(house, olga, role) for role in ("member", "admin", "member")]
    assert await gather(*(house.people.join(link, eve, house.visit()) for link in links)) == ["already_member"] * 2
    assert len(await roles(house, olga)) == 2


async def test_a_link_that_is_used_while_it_is_revoked_does_one_of_the_two(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    async with house.database.write() as tx:
        made, link = await Team(tx, olga, "r").invite("member", "")

    async def revoke() -> None:
        async with house.database.write() as tx:
            await Team(tx, olga, "r").revoke_invitation(made.id)

    assert await gather(house.people.join(link.text, eve, house.visit()), revoke()) == ["invitation_gone"]


async def test_who_left_is_known_to_be_gone_by_every_process(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    mia = await house.add(olga, "mia", "member")
    pairs = {(olga.team_id, olga.user_id), (olga.team_id, mia.user_id), (olga.team_id, eve.user_id)}
    await house.remove(olga, mia.user_id)
    async with house.database.read() as tx:
        assert await no_longer_members(tx, pairs) == {(olga.team_id, mia.user_id), (olga.team_id, eve.user_id)}
        assert await no_longer_members(tx, set()) == set()


async def mark(house: House, who: Principal, *, on: bool) -> None:
    async with house.database.write() as tx:
        await break_glass.mark(tx, who.user_id, who.name, OPERATOR, on=on)


async def test_a_break_glass_account_is_an_owners_and_each_use_is_in_the_trail(house: House) -> None:
    olga = await house.sign_up("olga")
    mia = await house.add(olga, "mia", "member")
    with pytest.raises(Conflict, match="break_glass_owners_only"):
        await mark(house, mia, on=True)
    await mark(house, olga, on=True)
    entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    await mark(house, olga, on=False)
    entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    async with house.database.read() as tx:
        actions = [entry.action for entry in await read(tx, olga.team_id, None, 5)]
    assert actions == [
        "person.signed_in",
        "person.break_glass_cleared",
        "person.break_glass_used",
        "person.signed_in",
        "person.break_glass_set",
    ]


async def test_a_stranger_is_no_member_to_hand_over_to(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    async with house.database.write() as tx:
        with pytest.raises(NotFound, match="member_gone"):
            await Team(tx, olga, "r").sign_member_out(eve.user_id)
        with pytest.raises(NotAllowed, match="not_allowed"):
            await Team(tx, dataclasses.replace(eve, team_id=olga.team_id), "r").hand_over(olga.user_id)
