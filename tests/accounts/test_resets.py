"""A forgotten password is set anew by a link: once, for an hour, ending all sign-ins, telling nobody who exists."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import BigInteger, type_coerce, update

from moorage.accounts import resets
from moorage.accounts.building import build_accounts
from moorage.accounts.limits import ResetLimit
from moorage.accounts.notices import Notices, Stationery
from moorage.accounts.post import Letter, Post
from moorage.accounts.tables import ResetRow
from moorage.audit.reading import read
from moorage.errors import Conflict, Invalid, MoorageError, NotFound, TooMany
from moorage.storage.database import Database
from moorage.storage.types import UtcTime
from moorage.vault.passwords import Passwords
from moorage.vault.tokens import hash_token
from tests.accounts.conftest import PASSWORD, Clock, House
from tests.support.second_factors import entered, vault_over

NEW = "three grey gulls at noon"


async def make_link(house: House, name: str = "olga") -> str:
    olga = await house.now(name)
    assert olga is not None
    async with house.database.write() as tx:
        return (await resets.make(tx, olga.user_id, by_operator=True)).text


async def test_a_link_sets_the_password_ends_all_sign_ins_and_signs_nobody_in(house: House) -> None:
    olga = await house.sign_up("olga")
    link, other = await make_link(house), await make_link(house)
    assert (await house.accounts.resets.peek(link)).email == "olga@example.com"
    await house.accounts.resets.finish(link, NEW, house.visit())
    assert await house.now("olga") is None
    entered(await house.people.sign_in("olga@example.com", NEW, house.visit()))
    with pytest.raises(Invalid):
        entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    for dead in (link, other, "made-up"):
        with pytest.raises(NotFound, match="reset_gone"):
            await house.accounts.resets.finish(dead, PASSWORD, house.visit())
    async with house.database.read() as tx:
        entries = {entry.action: entry for entry in await read(tx, olga.team_id, None, 10)}
    assert entries["person.password_reset"].details == {"by_operator": True}
    assert entries["person.password_reset"].actor_id is None


async def test_of_two_who_use_a_link_at_once_one_sets_the_password(house: House) -> None:
    await house.sign_up("olga")
    link = await make_link(house)
    wishes = [f"three grey gulls at {word}" for word in ("noon", "night", "dusk", "dawn")]
    results = await asyncio.gather(
        *(house.accounts.resets.finish(link, wish, house.visit()) for wish in wishes), return_exceptions=True
    )
    assert sorted(str(one) for one in results if one is not None) == ["reset_gone"] * 3
    [winner] = [wish for wish, one in zip(wishes, results, strict=True) if one is None]
    entered(await house.people.sign_in("olga@example.com", winner, house.visit()))


async def test_a_link_is_good_for_an_hour_and_only_its_hash_is_stored(house: House) -> None:
    await house.sign_up("olga")
    link = await make_link(house)
    older = type_coerce(
        type_coerce(ResetRow.expires_at, BigInteger) - timedelta(hours=1) // timedelta(microseconds=1), UtcTime
    )
    async with house.database.write() as tx:
        await tx.execute(update(ResetRow).where(ResetRow.token_hash == hash_token(link)).values(expires_at=older))
    for use in (house.accounts.resets.peek(link), house.accounts.resets.finish(link, NEW, house.visit())):
        with pytest.raises(NotFound, match="reset_gone"):
            await use


async def test_a_weak_password_does_not_use_the_link_up(house: House) -> None:
    await house.sign_up("olga")
    link = await make_link(house)
    with pytest.raises(Invalid, match="password_like_name"):
        await house.accounts.resets.finish(link, "olga's team 1", house.visit())
    await house.accounts.resets.finish(link, NEW, house.visit())


async def test_without_a_mail_server_nobody_can_ask_for_a_link(house: House) -> None:
    with pytest.raises(Conflict, match="mail_not_set_up"):
        await house.accounts.resets.ask("olga@example.com", house.visit())


class Mailed:
    """A deployment whose letters are kept instead of sent."""

    def __init__(self, database: Database) -> None:
        self.letters: list[Letter] = []
        self.post = Post(self._keep)
        address = "https://moorage.example.org"
        paper = Stationery("moorage@example.org", address, lambda code, params, _: f"{code} {params}")
        self.clock = Clock()
        self.house = House(
            database,
            build_accounts(
                database,
                vault_over(database),
                sign_up_open=True,
                passwords=Passwords(memory_kib=8, passes=1),
                notices=Notices(database, paper, self.post),
                reset_limit=ResetLimit(self.clock),
                failure_takes_s=0,
            ),
            self.clock,
        )

    async def _keep(self, letter: Letter) -> None:
        self.letters.append(letter)

    async def deliver(self) -> list[Letter]:
        """Send what waits."""
        self.post.start()
        await self.post.wait_until_tried()
        await self.post.aclose()
        return self.letters


async def test_asking_does_the_same_whether_the_address_exists_or_not(database: Database) -> None:
    mailed = Mailed(database)
    await mailed.house.sign_up("olga")
    for address in ("  OLGA@example.com ", "nobody@example.com"):
        # Not one statement runs in the request: looking the address up is the post's work.
        await mailed.house.accounts.resets.ask(address, mailed.house.visit())
    async with database.read() as tx:
        assert (await tx.execute(ResetRow.__table__.select())).all() == []
    [letter] = await mailed.deliver()
    assert letter.recipient == "olga@example.com"
    link = letter.message.get_content().partition("https://moorage.example.org/reset#")[2][:43]
    await mailed.house.accounts.resets.finish(link, NEW, mailed.house.visit())


async def test_asking_is_limited_by_address_and_by_network_alike_for_known_and_unknown(database: Database) -> None:
    mailed = Mailed(database)
    await mailed.house.sign_up("olga")
    ask = mailed.house.accounts.resets.ask
    for address in ("olga@example.com", "nobody@example.com"):
        for _ in range(3):
            await ask(address, mailed.house.visit())
        with pytest.raises(TooMany, match="reset_limited"):
            await ask(address, mailed.house.visit(client="198.51.100.7"))
    refused = 0
    for number in range(30):
        try:
            await ask(f"nobody{number}@example.com", mailed.house.visit())
        except MoorageError:
            refused += 1
    assert refused == 16
    mailed.clock.now_s = 3601
    await ask("olga@example.com", mailed.house.visit())
