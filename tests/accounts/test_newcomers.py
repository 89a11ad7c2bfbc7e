"""An account that a team's provider made is that team's: its address is claimed by nobody until somebody proves it."""

import uuid
from uuid import UUID

import pytest
from sqlalchemy import select

from moorage.accounts import newcomers, operator, resets, roster
from moorage.accounts.oidc.claims import Claims
from moorage.accounts.oidc.refusals import ProviderRefused
from moorage.accounts.tables import UserRow
from moorage.errors import Invalid, NotFound
from tests.accounts.conftest import PASSWORD, House
from tests.support.second_factors import entered

BOSS = "boss@corp.example"


def claims(email: str = BOSS, subject: str = "s") -> Claims:
    return Claims(subject, None, email, True, "Boss", frozenset(), False, False, None)


async def brought(house: House, team_id: UUID | None, email: str = BOSS) -> UUID:
    """Bring somebody new in by a team's provider, or by the deployment's."""
    async with house.database.write() as tx:
        await roster.take_turn(tx)
        user_id, _ = await newcomers.add(tx, claims(email), "en", team_id=team_id)
        if team_id is not None:
            await roster.add_member(tx, team_id, user_id, "member")
    return user_id


async def address_of(house: House, user_id: UUID) -> tuple[str, str | None]:
    async with house.database.read() as tx:
        row = (await tx.execute(select(UserRow.email, UserRow.said_email).where(UserRow.id == user_id))).one()
    return row.email, row.said_email


async def test_whose_address_it_is_still_signs_up_or_comes_by_the_deployments_provider(house: House) -> None:
    eve = await house.sign_up("eve")
    squatter = await brought(house, eve.team_id)
    assert await address_of(house, squatter) == (str(squatter), BOSS)
    boss = await brought(house, None)
    assert await address_of(house, boss) == (BOSS, None)
    await brought(house, eve.team_id, "mia@example.com")
    mia = await house.sign_up("mia")
    assert mia.email == "mia@example.com"
    # And the other way round: what is claimed stays claimed for everybody who proves addresses.
    with pytest.raises(ProviderRefused) as refused:
        await brought(house, None)
    assert refused.value.finding == "oidc_mail_taken"


async def test_a_teams_provider_does_not_learn_who_has_an_account_elsewhere(house: House) -> None:
    eve, olga = await house.sign_up("eve"), await house.sign_up("olga")
    assert await brought(house, eve.team_id, "olga@example.com") != olga.user_id
    entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    assert (await house.now("olga")) is not None


async def test_a_member_is_not_brought_in_twice(house: House) -> None:
    eve = await house.sign_up("eve")
    await house.add(eve, "mia", "member")
    await brought(house, eve.team_id)
    for email in ("mia@example.com", BOSS):
        with pytest.raises(ProviderRefused) as refused:
            await brought(house, eve.team_id, email)
        assert refused.value.finding == "oidc_mail_taken"


async def test_no_password_opens_such_an_account_and_no_id_is_an_address(house: House) -> None:
    eve = await house.sign_up("eve")
    user_id = await brought(house, eve.team_id)
    for typed in (BOSS, str(user_id), ""):
        for password in ("", PASSWORD):
            with pytest.raises(Invalid, match="sign_in_wrong"):
                await house.people.sign_in(typed, password, house.visit())


async def test_a_link_to_the_address_makes_it_theirs(house: House) -> None:
    eve = await house.sign_up("eve")
    user_id = await brought(house, eve.team_id)
    async with house.database.write() as tx:
        known = await roster.find_said(tx, BOSS)
        assert known is not None
        assert known.user_id == user_id
        link = (await resets.make(tx, known.user_id, by_operator=False)).text
    assert (await house.accounts.resets.peek(link)).email == BOSS
    await house.accounts.resets.finish(link, PASSWORD, house.visit())
    assert await address_of(house, user_id) == (BOSS, None)
    token = entered(await house.people.sign_in(BOSS, PASSWORD, house.visit()))
    found = await house.people.find(token.text)
    assert found is not None
    assert (found.user_id, found.email) == (user_id, BOSS)


async def test_unless_somebody_else_has_it_by_then(house: House) -> None:
    eve = await house.sign_up("eve")
    user_id = await brought(house, eve.team_id)
    async with house.database.write() as tx:
        link = (await resets.make(tx, user_id, by_operator=False)).text
    await brought(house, None)
    with pytest.raises(NotFound, match="reset_gone"):
        await house.accounts.resets.finish(link, PASSWORD, house.visit())
    assert await address_of(house, user_id) == (str(user_id), BOSS)


async def test_of_two_that_providers_say_the_same_of_none_is_meant(house: House) -> None:
    eve, olga = await house.sign_up("eve"), await house.sign_up("olga")
    first = await brought(house, eve.team_id)
    await brought(house, olga.team_id)
    async with house.database.read() as tx:
        assert await roster.find_said(tx, BOSS) is None
        with pytest.raises(NotFound, match="person_unknown"):
            await operator.find(tx, BOSS)
        with pytest.raises(NotFound, match="person_unknown"):
            await operator.find(tx, str(uuid.uuid4()))
        found = await operator.find(tx, str(first))
    assert (found.email, found.holds_address, found.teams) == (BOSS, False, [("eve's team", "member")])
