"""What a sign-in begins on one page is finished once, in time, by whoever began it, and not by guessing."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from moorage.accounts import pending
from moorage.accounts.tables import PendingRow
from moorage.errors import NotFound
from moorage.storage.database import Database
from moorage.storage.types import db_after
from tests.accounts.conftest import House


async def begun(house: House) -> str:
    olga = await house.sign_up("olga")
    async with house.database.write() as tx:
        token = await pending.begin(tx, "second_factor", {"way": "app"}, user_id=olga.user_id)
    return token.text


async def use_up(database: Database, token: str, kind: pending.Kind = "second_factor") -> pending.Pending:
    async with database.write() as tx:
        return await pending.use_up(tx, kind, token)


async def test_what_was_begun_is_given_once(house: House) -> None:
    token = await begun(house)
    assert (await use_up(house.database, token)).data == {"way": "app"}
    with pytest.raises(NotFound, match="pending_gone"):
        await use_up(house.database, token)


async def test_of_two_at_once_one_gets_it(house: House) -> None:
    token = await begun(house)
    results = await asyncio.gather(*(use_up(house.database, token) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(one, pending.Pending) for one in results) == 1


async def test_it_is_good_for_its_own_kind_only(house: House) -> None:
    token = await begun(house)
    with pytest.raises(NotFound):
        await use_up(house.database, token, "passkey")
    assert (await use_up(house.database, token)).user_id is not None


async def test_five_tries_are_all_there_are(house: House) -> None:
    token = await begun(house)
    for _ in range(pending.MAX_TRIES):
        async with house.database.write() as tx:
            await pending.try_once(tx, "second_factor", token)
    async with house.database.write() as tx:
        with pytest.raises(NotFound, match="pending_gone"):
            await pending.try_once(tx, "second_factor", token)


async def test_after_its_time_it_is_gone_and_swept_away_by_the_next(house: House) -> None:
    token = await begun(house)
    async with house.database.write() as tx:
        await tx.execute(update(PendingRow).values(expires_at=db_after(-timedelta(seconds=1))))
    with pytest.raises(NotFound, match="pending_gone"):
        await use_up(house.database, token)
    async with house.database.write() as tx:
        await pending.begin(tx, "identity_provider", {})
        assert await tx.scalar(select(func.count()).select_from(PendingRow)) == 1


async def test_only_the_hash_of_its_token_is_stored(house: House) -> None:
    token = await begun(house)
    async with house.database.read() as tx:
        rows = (await tx.execute(select(PendingRow))).all()
    assert token not in repr(rows)
