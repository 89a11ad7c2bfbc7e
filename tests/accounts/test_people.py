"""Signing up, in and out: the first account, opaque tokens that end, and refusals that tell nothing."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, func, select, type_coerce, update

from moorage.accounts.building import build_accounts
from moorage.accounts.limits import PER_MAIL, PER_MAIL_ANYWHERE, SignInLimit
from moorage.accounts.people import NewPerson
from moorage.accounts.principal import require_proof
from moorage.accounts.sign_ins import note_proof
from moorage.accounts.tables import SignInRow, TeamRow, UserRow
from moorage.accounts.teams import Team
from moorage.accounts.visit import Visit
from moorage.audit.checking import check
from moorage.audit.reading import read
from moorage.errors import Invalid, MoorageError, NotAllowed, NotFound, TooMany
from moorage.storage.database import Database
from moorage.storage.types import UtcTime, new_id
from moorage.vault.passwords import Passwords
from moorage.vault.tokens import derive_csrf, hash_token
from tests.accounts.conftest import PASSWORD, Clock, House
from tests.support.second_factors import entered, vault_over


async def test_the_first_account_operates_and_owns_a_free_team(house: House) -> None:
    assert await house.people.is_setup_needed()
    olga = await house.sign_up("olga")
    assert (olga.is_operator, olga.role, olga.plan, olga.standing) == (True, "owner", "free", "active")
    assert not await house.people.is_setup_needed()
    eve = await house.sign_up("eve")
    assert (eve.is_operator, eve.role) == (False, "owner")
    assert eve.team_id != olga.team_id


async def test_of_several_first_accounts_at_once_one_becomes_operator(house: House) -> None:
    found = await asyncio.gather(*(house.sign_up(name) for name in ("olga", "adam", "mia", "eve")))
    assert sorted(person.is_operator for person in found) == [False, False, False, True]


async def test_the_same_address_at_once_makes_one_account(house: House) -> None:
    results = await asyncio.gather(*(house.sign_up("olga") for _ in range(4)), return_exceptions=True)
    refused = [one for one in results if isinstance(one, MoorageError)]
    assert [one.code for one in refused] == ["email_taken"] * 3
    async with house.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(UserRow)) == 1


async def test_sign_up_can_be_closed_to_all_but_the_first(database: Database) -> None:
    cheap = Passwords(memory_kib=8, passes=1)
    accounts = build_accounts(database, vault_over(database), sign_up_open=False, passwords=cheap, failure_takes_s=0)
    house = House(database, accounts, Clock())
    olga = await house.sign_up("olga")
    with pytest.raises(NotAllowed) as refused:
        await house.sign_up("eve")
    assert refused.value.code == "sign_up_closed"
    assert (await house.add(olga, "mia", "member")).role == "member"


async def test_one_signs_in_with_any_spelling_of_the_address(house: House) -> None:
    olga = await house.sign_up("olga")
    token = entered(await house.people.sign_in("  OLGA@Example.COM ", PASSWORD, house.visit()))
    found = await house.people.find(token.text)
    assert found is not None
    assert (found.user_id, found.team_id) == (olga.user_id, olga.team_id)
    assert found.csrf_token == derive_csrf(token.text) != olga.csrf_token


@pytest.mark.parametrize("email", ["olga@example.com", "nobody@example.com", "not an address", "\0", "\ud800@x.de"])
async def test_a_wrong_password_and_an_unknown_address_are_the_same_refusal(house: House, email: str) -> None:
    await house.sign_up("olga")
    with pytest.raises(Invalid) as refused:
        await house.people.sign_in(email, "wrong password", house.visit())
    assert (refused.value.code, refused.value.field, refused.value.params) == ("sign_in_wrong", None, {})


async def test_only_the_hash_of_a_token_is_stored(house: House) -> None:
    await house.sign_up("olga")
    async with house.database.read() as tx:
        stored = (await tx.scalars(select(SignInRow.token_hash))).all()
    assert stored == [hash_token(house.tokens["olga"])]
    assert await house.people.find("made-up") is None


async def test_a_new_sign_in_replaces_the_one_the_browser_had(house: House) -> None:
    await house.sign_up("olga")
    token = entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit(house.tokens["olga"])))
    assert await house.now("olga") is None
    assert await house.people.find(token.text) is not None


async def test_signing_out_ends_this_browser_only(house: House) -> None:
    olga = await house.sign_up("olga")
    other = entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    await house.people.sign_out(olga, house.visit(house.tokens["olga"]))
    assert await house.now("olga") is None
    assert await house.people.find(other.text) is not None


async def age(house: House, column: str, by: timedelta) -> None:
    """Make sign-ins older; the database's clock can't be turned."""
    stored = getattr(SignInRow, column)
    older = type_coerce(type_coerce(stored, BigInteger) - by // timedelta(microseconds=1), UtcTime)
    async with house.database.write() as tx:
        await tx.execute(update(SignInRow).values({column: older}))


@pytest.mark.parametrize(
    ("column", "by", "lives"),
    [
        ("seen_at", timedelta(hours=11, minutes=59), True),
        ("seen_at", timedelta(hours=12), False),
        ("expires_at", timedelta(days=6, hours=23), True),
        ("expires_at", timedelta(days=7), False),
    ],
)
async def test_a_sign_in_ends_after_12_idle_hours_or_7_days(
    house: House, column: str, by: timedelta, lives: bool
) -> None:
    await house.sign_up("olga")
    await age(house, column, by)
    assert (await house.now("olga") is not None) is lives


async def test_being_seen_is_written_at_most_once_a_minute(house: House) -> None:
    await house.sign_up("olga")

    async def seen() -> object:
        async with house.database.read() as tx:
            return await tx.scalar(select(SignInRow.seen_at))

    before = await seen()
    await house.now("olga")
    assert await seen() == before
    await age(house, "seen_at", timedelta(minutes=2))
    aged = await seen()
    await house.now("olga")
    assert await seen() != aged


async def test_too_many_failures_lock_the_address_for_a_while_where_they_came_from(house: House) -> None:
    await house.sign_up("olga")
    for _ in range(10):
        with pytest.raises(Invalid):
            await house.people.sign_in("olga@example.com", "wrong password", house.visit())
    with pytest.raises(TooMany) as refused:
        await house.people.sign_in("olga@example.com", PASSWORD, house.visit())
    await house.people.sign_in("olga@example.com", PASSWORD, house.visit(client="198.51.100.7"))
    assert (refused.value.code, refused.value.params) == ("sign_in_limited", {"retry_after_s": 901})
    house.clock.now_s = 901
    await house.people.sign_in("olga@example.com", PASSWORD, house.visit())


def test_guessing_from_elsewhere_locks_nobody_out() -> None:
    """Ten wrong guesses would otherwise keep a person out for as long as somebody likes."""
    now = [0.0]
    limit = SignInLimit(lambda: now[0])
    for _ in range(PER_MAIL):
        limit.admit("olga@example.com", "203.0.113.7")
    with pytest.raises(TooMany):
        limit.admit("olga@example.com", "203.0.113.7")
    limit.admit("olga@example.com", "198.51.100.4")
    limit.succeeded("olga@example.com", "198.51.100.4")
    # From ever new networks there is an end to it all the same.
    for number in range(PER_MAIL_ANYWHERE - PER_MAIL):
        limit.admit("olga@example.com", f"10.{number // 250}.{number % 250}.1")
    with pytest.raises(TooMany):
        limit.admit("olga@example.com", "192.0.2.200")


async def test_good_sign_ins_of_a_whole_office_are_not_limited(house: House) -> None:
    await house.sign_up("olga")
    for _ in range(120):
        await house.people.sign_in("olga@example.com", PASSWORD, house.visit())


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"email": "olga"}, "email_invalid", "email"),
        ({"email": "olga@example"}, "email_invalid", "email"),
        ({"email": "o lga@example.com"}, "email_invalid", "email"),
        ({"email": "olga@exa\0mple.com"}, "email_invalid", "email"),
        ({"email": "olga@-example.com"}, "email_invalid", "email"),
        ({"email": "a" * 65 + "@example.com"}, "email_invalid", "email"),
        ({"name": "  "}, "name_invalid", "name"),
        ({"name": "Ol\0ga"}, "name_invalid", "name"),
        ({"name": "\ud800"}, "name_invalid", "name"),
        ({"password": "short"}, "password_too_short", "password"),
        ({"password": "Olga@Example.com"}, "password_like_name", "password"),
        ({"name": "Olga Hafenbau", "password": "olga hafenbau"}, "password_like_name", "password"),
        ({"password": "aaaaaaaaaaaaa"}, "password_repeats", "password"),
    ],
)
async def test_what_can_not_be_accepted_names_its_field(
    house: House, changes: dict[str, str], code: str, field: str
) -> None:
    values = {"name": "Olga", "email": "olga@example.com", "password": PASSWORD, "locale": "en", **changes}
    with pytest.raises(Invalid) as refused:
        await house.people.sign_up(NewPerson(**values), "Werft", house.visit())
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await house.people.is_setup_needed()


async def test_a_person_changes_their_name_and_language(house: House) -> None:
    olga = await house.sign_up("olga")
    await house.people.change_profile(olga, house.visit(), name="Olga H.", locale="de")
    found = await house.now("olga")
    assert found is not None
    assert (found.name, found.locale) == ("Olga H.", "de")


async def test_a_new_name_is_told_in_every_team_and_rewrites_no_history(house: House) -> None:
    olga = await house.sign_up("olga")
    eve = await house.sign_up("eve")
    async with house.database.write() as tx:
        await Team(tx, olga, "r").rename("Werft")
        _, from_eve = await Team(tx, eve, "r").invite("member", "")
    joined = await house.people.join(from_eve.text, olga, house.visit(house.tokens["olga"]))
    now = await house.people.find(joined.text)
    assert now is not None
    await house.people.change_profile(now, house.visit(), name="Olga Hansen", locale=None)
    await house.people.change_profile(now, house.visit(), name=None, locale="de")
    async with house.database.read() as tx:
        for team_id in (olga.team_id, eve.team_id):
            told, before = await read(tx, team_id, None, 2)
            assert (told.action, told.actor_name, told.object_name) == ("person.renamed", olga.name, "Olga Hansen")
            assert before.actor_name == olga.name
            assert (await check(tx, team_id)).intact


async def test_one_works_in_one_team_at_a_time_and_under_a_new_token(house: House) -> None:
    olga = await house.sign_up("olga")
    eve = await house.sign_up("eve")
    async with house.database.write() as tx:
        _, from_eve = await Team(tx, eve, "r").invite("admin", "")
    joined = await house.people.join(from_eve.text, olga, house.visit(house.tokens["olga"]))
    now = await house.people.find(joined.text)
    assert now is not None
    assert (now.team_id, now.role) == (eve.team_id, "admin")
    assert await house.now("olga") is None
    back = await house.people.switch_team(now, olga.team_id, house.visit())
    home = await house.people.find(back.text)
    assert home is not None
    assert (home.team_id, home.role) == (olga.team_id, "owner")
    assert [name for _, name in await house.people.teams_of(olga.user_id)] == ["eve's team", "olga's team"]


@pytest.mark.parametrize("whose", ["eves", "nobodys"])
async def test_nobody_switches_into_a_team_of_others(house: House, whose: str) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    team_id: UUID = eve.team_id if whose == "eves" else new_id()
    with pytest.raises(NotFound) as refused:
        await house.people.switch_team(olga, team_id, house.visit())
    assert refused.value.code == "team_gone"


async def test_sign_ins_and_failed_ones_are_in_the_trail(house: House) -> None:
    olga = await house.sign_up("olga")
    with pytest.raises(Invalid):
        await house.people.sign_in("olga@example.com", "wrong password", house.visit())
    await house.people.sign_in("olga@example.com", PASSWORD, house.visit())
    await house.people.sign_out(olga, house.visit(house.tokens["olga"]))
    async with house.database.read() as tx:
        told = [(entry.action, entry.actor_name, entry.outcome) for entry in await read(tx, olga.team_id, None, 9)]
        assert (await check(tx, olga.team_id)).intact
    assert told == [
        ("person.signed_out", "olga", "done"),
        ("person.signed_in", "olga", "done"),
        ("person.sign_in_failed", "", "refused"),
        ("person.signed_up", "olga", "done"),
        ("team.created", "olga", "done"),
    ]


async def test_switching_teams_ends_the_old_token_and_prolongs_nothing(house: House) -> None:
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    async with house.database.write() as tx:
        _, link = await Team(tx, eve, "r").invite("member", "")
    await age(house, "expires_at", timedelta(days=1))
    await age(house, "created_at", timedelta(days=1))

    async def limits() -> tuple[object, ...]:
        async with house.database.read() as tx:
            found = await tx.execute(
                select(SignInRow.id, SignInRow.created_at, SignInRow.expires_at).where(
                    SignInRow.user_id == olga.user_id
                )
            )
            return tuple(found.one())

    before = await limits()
    token = await house.people.join(link.text, olga, house.visit(house.tokens["olga"]))
    assert await limits() == before
    assert await house.now("olga") is None
    moved = await house.people.find(token.text)
    assert moved is not None
    assert (moved.team_id, moved.role) == (eve.team_id, "member")


async def test_a_team_that_asks_for_a_second_factor_asks_at_once(house: House) -> None:
    olga = await house.sign_up("olga")
    assert not olga.sign_in.must_add_factor
    async with house.database.write() as tx:
        await tx.execute(update(TeamRow).values(needs_second_factor=True))
    now = await house.now("olga")
    assert now is not None
    assert now.sign_in.must_add_factor
    async with house.database.write() as tx:
        await note_proof(tx, now.sign_in.id, has_second_factor=True)
    now = await house.now("olga")
    assert now is not None
    assert not now.sign_in.must_add_factor


async def test_a_proof_of_who_one_is_lasts_ten_minutes(house: House) -> None:
    olga = await house.sign_up("olga")
    require_proof(olga)
    await age(house, "proved_at", timedelta(minutes=10))
    now = await house.now("olga")
    assert now is not None
    with pytest.raises(NotAllowed, match="proof_needed"):
        require_proof(now)


async def test_a_sign_in_remembers_a_coarse_network_and_a_printable_agent(house: House) -> None:
    visit = Visit("192.0.2.77", "r", None, "Firefox\x1b[31m" + "x" * 300)
    await house.sign_up("olga", visit=visit)
    async with house.database.read() as tx:
        row = (await tx.execute(select(SignInRow.client, SignInRow.agent, SignInRow.method))).one()
    assert row.client == "192.0.2.0/24"
    assert row.agent.startswith("Firefox[31mxxx")
    assert len(row.agent) == 200
    assert row.method == "password"
