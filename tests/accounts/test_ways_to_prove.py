"""Which ways to prove oneself are named: those that would be accepted, the best first, and no others."""

import dataclasses

from sqlalchemy import insert, update

from moorage.accounts.oidc.client import Registration
from moorage.accounts.principal import Principal
from moorage.accounts.proof import ways_to_prove
from moorage.accounts.provider_tables import IdentityRow
from moorage.accounts.providers import Provider
from moorage.accounts.role_map import RoleMap
from moorage.accounts.tables import UserRow
from moorage.storage.types import DEPLOYMENT, db_now, new_id
from tests.accounts.conftest import House
from tests.support.authenticator import Authenticator
from tests.support.second_factors import PARTY, safe_for

ISSUER = "https://sso.example"
PROVIDER = Provider(DEPLOYMENT, None, "Brandt", Registration(ISSUER, "moorage", None, "openid", ""), RoleMap())


async def ways(house: House, who: Principal, provider: Provider | None = None, *, here: bool = True) -> list[str]:
    async with house.database.read() as tx:
        return list(await ways_to_prove(tx, who, provider, passkeys_work=here))


async def link(house: House, who: Principal, issuer: str = ISSUER) -> None:
    now = db_now()
    values = {"id": new_id(), "provider_id": DEPLOYMENT, "issuer": issuer, "subject": "s", "user_id": who.user_id}
    async with house.database.write() as tx:
        await tx.execute(insert(IdentityRow).values(role_seen=None, linked_at=now, used_at=now, **values))


async def test_what_shows_a_second_factor_too_stands_first(house: House) -> None:
    safe = safe_for(house.database)
    olga = await house.sign_up("olga")
    assert await ways(house, olga) == ["password"]
    await safe.add_app(olga)
    assert await ways(house, olga) == ["code", "password"]
    again = await house.now("olga")
    assert again is not None
    await safe.add_passkey(again, Authenticator(PARTY.origin))
    assert await ways(house, olga) == ["passkey", "code", "password"]
    assert await ways(house, olga, here=False) == ["code", "password"]


async def test_a_provider_is_named_to_whom_it_knows_and_while_it_is_on(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    assert await ways(house, olga, PROVIDER) == ["password"]
    await link(house, olga, "https://before.example")
    assert await ways(house, olga, PROVIDER) == ["password"]
    async with house.database.write() as tx:
        await tx.execute(update(IdentityRow).values(issuer=ISSUER))
    assert await ways(house, olga, PROVIDER) == ["password", "provider"]
    assert await ways(house, eve, PROVIDER) == ["password"]
    assert await ways(house, olga, dataclasses.replace(PROVIDER, enabled=False)) == ["password"]


async def test_somebody_without_a_password_is_not_asked_for_one(house: House) -> None:
    olga = await house.sign_up("olga")
    await link(house, olga)
    async with house.database.write() as tx:
        await tx.execute(update(UserRow).values(password_hash=""))
    assert await ways(house, olga, PROVIDER) == ["provider"]
    assert await ways(house, olga) == []


async def test_a_sign_in_that_a_teams_provider_vouched_for_is_proved_there_alone(house: House) -> None:
    olga = await house.sign_up("olga")
    await safe_for(house.database).add_app(olga)
    bound = dataclasses.replace(olga, sign_in=dataclasses.replace(olga.sign_in, provider_id=DEPLOYMENT))
    assert await ways(house, bound, PROVIDER) == []
    await link(house, olga)
    assert await ways(house, bound, PROVIDER) == ["provider"]
