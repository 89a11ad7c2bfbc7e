"""A person sees where they are signed in and ends it; a team may ask for shorter sign-ins, never for longer ones."""

import asyncio
import dataclasses
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from moorage.accounts import sign_ins
from moorage.accounts.devices import end_device, end_other_devices, list_devices, name_browser
from moorage.accounts.principal import Principal
from moorage.accounts.rules import SessionLimits, change_limits, read_limits
from moorage.accounts.tables import SignInRow, TeamRow
from moorage.accounts.teams import Team
from moorage.accounts.visit import Visit
from moorage.audit.reading import read
from moorage.errors import Conflict, Invalid, NotAllowed, NotFound, SignInNeeded
from moorage.storage.types import new_id
from tests.accounts.conftest import PASSWORD, House
from tests.accounts.test_people import age
from tests.support.second_factors import entered

MOZ = "Mozilla/5.0"


@pytest.mark.parametrize(
    ("agent", "named"),
    [
        (f"{MOZ} (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0", ("Firefox", "Windows")),
        (f"{MOZ} (X11; Linux x86_64) AppleWebKit/537.36 Chrome/143.0.0.0 Safari/537.36", ("Chrome", "Linux")),
        (f"{MOZ} (Windows NT 10.0) AppleWebKit/537.36 Chrome/143.0 Safari/537.36 Edg/143.0", ("Edge", "Windows")),
        (f"{MOZ} (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15", ("Safari", "macOS")),
        (f"{MOZ} (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Safari/604.1", ("Safari", "iPhone")),
        (f"{MOZ} (iPad; CPU OS 18_1 like Mac OS X) CriOS/143.0 Mobile Safari/604.1", ("Chrome", "iPad")),
        (f"{MOZ} (Linux; Android 15) SamsungBrowser/27.0 Chrome/125.0 Mobile", ("Samsung Internet", "Android")),
        (f"{MOZ} (X11; CrOS x86_64 14541.0.0) Chrome/143.0 Safari/537.36", ("Chrome", "ChromeOS")),
        ("curl/8.17.0", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_browser_is_told_in_plain_words(agent: str, named: tuple[str, str]) -> None:
    assert name_browser(agent) == named


async def end(house: House, who: Principal, sign_in_id: UUID) -> None:
    async with house.database.write() as tx:
        await end_device(tx, who, sign_in_id, "r")


async def test_the_list_shows_ones_own_living_sign_ins_this_one_first(house: House) -> None:
    olga = await house.sign_up("olga")
    await house.sign_up("eve")
    agent = f"{MOZ} (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"
    entered(await house.people.sign_in("olga@example.com", PASSWORD, Visit("192.0.2.77", "r", None, agent)))
    async with house.database.read() as tx:
        here, there = await list_devices(tx, olga)
    assert (here.is_this, here.id, there.is_this) == (True, olga.sign_in.id, False)
    assert (there.browser, there.system, there.network) == ("Firefox", "Linux", "192.0.2.0/24")
    assert (there.method, there.team_name) == ("password", "olga's team")
    await age(house, "seen_at", timedelta(hours=13))
    async with house.database.read() as tx:
        assert await list_devices(tx, olga) == []


async def test_one_ends_ones_own_sign_ins_and_nobody_elses(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    other = entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    found = await house.people.find(other.text)
    assert found is not None
    for foreign in (eve.sign_in.id, new_id()):
        with pytest.raises(NotFound, match="device_gone"):
            await end(house, olga, foreign)
    await end(house, olga, found.sign_in.id)
    assert await house.people.find(other.text) is None
    assert await house.now("eve") is not None
    async with house.database.read() as tx:
        entry = (await read(tx, olga.team_id, None, 1))[0]
    assert (entry.action, entry.details) == ("person.devices_ended", {"sign_ins": 1})


async def test_nobody_ends_sign_ins_without_a_proof_and_a_password_is_enough(house: House) -> None:
    olga = await house.sign_up("olga")
    other = entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    there = await house.people.find(other.text)
    assert there is not None
    await age(house, "proved_at", timedelta(minutes=11))
    unproved = await house.now("olga")
    assert unproved is not None
    with pytest.raises(NotAllowed, match="proof_needed"):
        await end(house, unproved, there.sign_in.id)
    with pytest.raises(NotAllowed, match="proof_needed"):
        async with house.database.write() as tx:
            await end_other_devices(tx, unproved, "r")
    assert await house.people.find(other.text) is not None
    token = entered(await house.accounts.own_password.prove(unproved, PASSWORD, house.visit()))
    proved = await house.people.find(token.text)
    assert proved is not None
    assert proved.sign_in.id == olga.sign_in.id
    await end(house, proved, there.sign_in.id)
    assert await house.people.find(other.text) is None


async def test_all_others_end_at_once(house: House) -> None:
    olga = await house.sign_up("olga")
    others = [entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit())) for _ in range(3)]
    async with house.database.write() as tx:
        await end_other_devices(tx, olga, "r")
    assert [await house.people.find(one.text) for one in others] == [None] * 3
    assert await house.now("olga") is not None


async def test_beyond_fifty_the_sign_in_that_was_used_longest_ago_ends(house: House) -> None:
    await house.sign_up("olga")
    await age(house, "seen_at", timedelta(hours=1))
    for _ in range(sign_ins.MAX_SIGN_INS):
        entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    async with house.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(SignInRow)) == 50
    assert await house.now("olga") is None


async def test_an_owner_signs_a_member_out_of_this_team_and_of_no_other(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    mia = await house.add(olga, "mia", "member")
    async with house.database.write() as tx:
        _, link = await Team(tx, eve, "r").invite("member", "")
    elsewhere = entered(await house.people.sign_in("mia@example.com", PASSWORD, house.visit()))
    found = await house.people.find(elsewhere.text)
    assert found is not None
    moved = await house.people.join(link.text, found, house.visit())
    async with house.database.write() as tx:
        await Team(tx, olga, "r").sign_member_out(mia.user_id)
    assert await house.now("mia") is None
    still = await house.people.find(moved.text)
    assert still is not None
    assert still.team_id == eve.team_id
    # A browser that was elsewhere meanwhile does not slip back in.
    with pytest.raises(SignInNeeded):
        await house.people.switch_team(still, olga.team_id, house.visit())
    again = entered(await house.people.sign_in("mia@example.com", PASSWORD, house.visit()))
    back = await house.people.find(again.text)
    assert back is not None
    if back.team_id != olga.team_id:
        await house.people.switch_team(back, olga.team_id, house.visit())


async def test_only_owners_sign_others_out_and_not_themselves(house: House) -> None:
    olga = await house.sign_up("olga")
    adam, mia = await house.add(olga, "adam", "admin"), await house.add(olga, "mia", "member")
    async with house.database.write() as tx:
        for who in (adam, mia):
            with pytest.raises(NotAllowed, match="not_allowed"):
                await Team(tx, who, "r").sign_member_out(olga.user_id)
        with pytest.raises(Conflict, match="own_sign_ins"):
            await Team(tx, olga, "r").sign_member_out(olga.user_id)
    assert await house.now("olga") is not None


async def limit(house: House, who: Principal, idle: int | None, lifetime: int | None) -> None:
    async with house.database.write() as tx:
        await change_limits(tx, who, "r", SessionLimits(idle, lifetime))


@pytest.mark.parametrize(
    ("limits", "column", "by", "lives"),
    [
        ((30, None), "seen_at", timedelta(minutes=29), True),
        ((30, None), "seen_at", timedelta(minutes=30), False),
        ((None, 60), "created_at", timedelta(minutes=59), True),
        ((None, 60), "created_at", timedelta(minutes=60), False),
        ((None, None), "seen_at", timedelta(hours=11, minutes=59), True),
    ],
)
async def test_a_team_shortens_its_sign_ins(
    house: House, limits: tuple[int | None, int | None], column: str, by: timedelta, lives: bool
) -> None:
    olga = await house.sign_up("olga")
    await limit(house, olga, *limits)
    await age(house, column, by)
    assert (await house.now("olga") is not None) is lives
    async with house.database.read() as tx:
        assert bool(await list_devices(tx, olga)) is lives


async def test_no_row_of_a_team_lengthens_a_sign_in(house: House) -> None:
    await house.sign_up("olga")
    async with house.database.write() as tx:
        await tx.execute(update(TeamRow).values(idle_limit_min=2_000_000_000, lifetime_min=2_000_000_000))
    assert await house.now("olga") is not None
    await age(house, "seen_at", timedelta(hours=12))
    assert await house.now("olga") is None


async def test_the_cookie_is_kept_as_long_as_the_sign_in_may_last(house: House) -> None:
    olga = await house.sign_up("olga")
    assert 7 * 86400 - 60 < olga.sign_in.lasts_s <= 7 * 86400
    await limit(house, olga, None, 60)
    now = await house.now("olga")
    assert now is not None
    assert 3540 < now.sign_in.lasts_s <= 3600


@pytest.mark.parametrize(
    ("idle", "lifetime", "field"),
    [
        (4, None, "idle_limit_min"),
        (721, None, "idle_limit_min"),
        (None, 14, "lifetime_min"),
        (None, 10_081, "lifetime_min"),
    ],
)
async def test_a_limit_out_of_range_is_refused(
    house: House, idle: int | None, lifetime: int | None, field: str
) -> None:
    olga = await house.sign_up("olga")
    with pytest.raises(Invalid, match="limit_out_of_range") as refused:
        await limit(house, olga, idle, lifetime)
    assert refused.value.field == field


async def test_owners_change_the_limits_with_a_proof_and_admins_only_see_them(house: House) -> None:
    olga = await house.sign_up("olga")
    adam, mia = await house.add(olga, "adam", "admin"), await house.add(olga, "mia", "member")
    await limit(house, olga, 30, 720)
    stale = dataclasses.replace(olga, sign_in=dataclasses.replace(olga.sign_in, has_proved=False))
    for who, code in ((adam, "not_allowed"), (mia, "not_allowed"), (stale, "proof_needed")):
        with pytest.raises(NotAllowed, match=code):
            await limit(house, who, None, None)
    async with house.database.read() as tx:
        assert await read_limits(tx, adam) == SessionLimits(30, 720)
        with pytest.raises(NotAllowed):
            await read_limits(tx, mia)
        entry = (await read(tx, olga.team_id, None, 1))[0]
    assert (entry.action, entry.details) == (
        "team.session_limits_changed",
        {"idle_limit_min": 30, "lifetime_min": 720},
    )


async def test_two_sign_ins_at_once_are_both_kept(house: House) -> None:
    await house.sign_up("olga")
    tokens = await asyncio.gather(
        *(house.people.sign_in("olga@example.com", PASSWORD, house.visit()) for _ in range(4))
    )
    assert all([await house.people.find(entered(token).text) for token in tokens])
