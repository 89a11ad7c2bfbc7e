"""Two come in, or one does while somebody else acts on them: both are served, and neither takes more than theirs."""

import asyncio
from uuid import UUID

from sqlalchemy import func, select

from moorage.accounts import entering, identities, operator, roster, sign_ins
from moorage.accounts.entering import Guest
from moorage.accounts.entry import Means
from moorage.accounts.oidc.claims import Claims
from moorage.accounts.oidc.client import Registration
from moorage.accounts.providers import METHOD, Provider
from moorage.accounts.role_map import RoleMap
from moorage.accounts.tables import SignInRow
from moorage.audit.trail import Act, record
from moorage.storage.types import new_id
from moorage.vault.tokens import NewToken
from tests.accounts.conftest import PASSWORD, House
from tests.support.second_factors import entered

REGISTRATION = Registration("https://sso.example.com", "moorage", None, "openid", "")


def provider_of(team_id: UUID) -> Provider:
    return Provider(new_id(), team_id, "SSO", REGISTRATION, RoleMap(default="member"))


async def come(house: House, provider: Provider, subject: str) -> NewToken:
    """Come in by a provider, as whoever it says."""
    claims = Claims(subject, None, f"{subject}@corp.example", True, subject, frozenset(), False, False, None)
    async with house.accounts.entrance.open() as threshold:
        guest = Guest(provider, claims, "en", house.visit())
        user_id = await entering.admit(threshold.tx, guest, sign_up_open=True)
        return await threshold.let_in(user_id, Means(METHOD, provider=provider), house.visit())


async def test_who_is_signed_out_and_who_signs_in_do_not_wait_for_each_other_in_a_circle(house: House) -> None:
    """Who ends a sign-in adds to the trail then; coming in took the trail first, and the old sign-in after it."""
    olga = await house.sign_up("olga")
    mia = await house.add(olga, "mia", "member")
    ended = asyncio.Event()

    async def sign_her_out() -> None:
        async with house.database.write() as tx:
            await sign_ins.turn_away(tx, mia.user_id, olga.team_id)
            ended.set()
            if not house.database.is_sqlite:
                await asyncio.sleep(0.3)  # until the other one waits
            act = Act("member.signed_out", "person", str(mia.user_id), "mia")
            await record(tx, olga.team_id, olga.actor("r"), act)

    async def sign_in() -> None:
        await ended.wait()
        visit = house.visit(house.tokens["mia"])
        entered(await house.people.sign_in("mia@example.com", PASSWORD, visit))

    await asyncio.gather(sign_her_out(), sign_in())


async def test_a_newcomer_who_comes_in_two_tabs_at_once_is_one_person(house: House) -> None:
    provider = provider_of((await house.sign_up("eve")).team_id)
    await asyncio.gather(come(house, provider, "mia"), come(house, provider, "mia"))
    async with house.database.read() as tx:
        people = [person.name for person in await operator.list_people(tx)]
        mia = await identities.find(tx, provider, "mia")
        sign_ins_of_hers = await tx.scalar(select(func.count()).where(SignInRow.user_id == mia))
    assert sorted(people) == ["eve", "mia"]
    assert sign_ins_of_hers == 2


async def test_a_teams_provider_ends_no_sign_in_elsewhere_by_signing_somebody_in_often(house: House) -> None:
    eve, mia = await house.sign_up("eve"), await house.sign_up("mia")
    provider = provider_of(eve.team_id)
    async with house.database.write() as tx:
        await roster.add_member(tx, eve.team_id, mia.user_id, "member")
        await identities.link(tx, provider, "mia", mia.user_id, None)
    for _ in range(sign_ins.MAX_SIGN_INS + 1):
        await come(house, provider, "mia")
    assert await house.now("mia") is not None
