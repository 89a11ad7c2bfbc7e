"""The one way in: each rule holds whatever somebody comes in by, and what is refused tells nothing it should not."""

import dataclasses
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import insert, update

import moorage.accounts
from moorage.accounts import break_glass, devices, operator, roster
from moorage.accounts.building import Accounts, build_accounts
from moorage.accounts.entry import BY_PASSWORD, Entrance, Means
from moorage.accounts.invitations import peek
from moorage.accounts.limits import SignInLimit
from moorage.accounts.notices import Notices
from moorage.accounts.oidc.client import Registration
from moorage.accounts.people import NewPerson
from moorage.accounts.principal import Principal
from moorage.accounts.provider_tables import IdentityProviderRow
from moorage.accounts.providers import METHOD, Provider
from moorage.accounts.role_map import RoleMap
from moorage.accounts.tables import TeamRow
from moorage.accounts.teams import Team
from moorage.audit.reading import read
from moorage.audit.trail import Actor
from moorage.errors import MoorageError, NotAllowed
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT, db_now, new_id
from moorage.vault.passwords import Passwords
from tests.accounts.conftest import PASSWORD, Clock, House
from tests.accounts.test_teams import invite, refusal
from tests.support.authenticator import Authenticator
from tests.support.second_factors import PARTY, Safe, entered, safe_for, vault_over

OPERATOR = Actor(None, "operator", "")
REGISTRATION = Registration("https://sso.example.com", "moorage", None, "openid", "")
OPERATORS = Provider(DEPLOYMENT, None, "Brandt", REGISTRATION, RoleMap())
BY_OPERATORS = Means(METHOD, provider=OPERATORS)


class Heard(Notices):
    """Mails nobody, and remembers of whom the owners would have been told."""

    def __init__(self) -> None:
        super().__init__()
        self.broke_glass: list[UUID] = []

    async def break_glass_used(self, user_id: UUID) -> None:
        self.broke_glass.append(user_id)


class Counted(Passwords):
    """Counts how often it worked."""

    def __init__(self) -> None:
        super().__init__(memory_kib=8, passes=1)
        self.checks = 0

    async def fits(self, stored: str | None, password: str) -> bool:
        self.checks += 1
        return await super().fits(stored, password)


@dataclasses.dataclass
class Port:
    """One database, as a deployment with the usual ways in and as one that only its provider opens."""

    usual: House
    closed: House
    heard: Heard
    passwords: Counted


@pytest_asyncio.fixture
async def port(database: Database) -> AsyncIterator[Port]:
    """Give both."""
    heard, passwords = Heard(), Counted()

    def built(*, only_provider: bool) -> Accounts:
        return build_accounts(
            database,
            vault_over(database),
            sign_up_open=True,
            only_provider=only_provider,
            notices=heard,
            passwords=passwords,
            limit=SignInLimit(Clock(), per_mail=8),
            failure_takes_s=0,
        )

    usual, closed = (House(database, built(only_provider=only), Clock()) for only in (False, True))
    yield Port(usual, closed, heard, passwords)


async def marked(house: House, who: Principal) -> None:
    async with house.database.write() as tx:
        await break_glass.mark(tx, who.user_id, who.name, OPERATOR, on=True)


async def demand_provider(house: House, team_id: UUID, *, only: bool = True) -> UUID:
    """Give a team a provider of its own, which is the only way in if `only`."""
    async with house.database.write() as tx:
        row_id = new_id()
        await tx.execute(
            insert(IdentityProviderRow).values(
                id=row_id, team_id=team_id, name="SSO", issuer=REGISTRATION.issuer, client_id="moorage",
                scopes="openid", groups_claim="", roles="[]", enabled=True, only=only, tested_at=db_now(),
                created_at=db_now(),
            )
        )  # fmt: skip
    return row_id


async def come(house: House, user_id: UUID, means: Means, invitation_id: UUID | None = None) -> Principal:
    async with house.accounts.entrance.open() as threshold:
        token = await threshold.let_in(user_id, means, house.visit(), invitation_id=invitation_id)
    found = await house.people.find(token.text)
    assert found is not None
    return found


async def latest(house: House, team_id: UUID, count: int) -> list[tuple[str, str]]:
    """Give action and outcome of a team's last entries, newest first."""
    async with house.database.read() as tx:
        return [(entry.action, entry.outcome) for entry in await read(tx, team_id, None, count)]


def test_nobody_else_begins_or_moves_a_sign_in() -> None:
    """A second way in is a second set of rules: each of those there were had another part of them."""
    room = Path(moorage.accounts.__path__[0])
    calls = {
        path.name
        for path in room.rglob("*.py")
        if re.search(r"sign_ins\.(begin|move)_sign_in\(|import .*\b(begin|move)_sign_in\b", path.read_text("utf-8"))
    }
    assert calls == {"entry.py"}


def test_whoever_acts_is_named_by_where_they_come_from() -> None:
    """An actor made by hand is one whose network somebody forgets: `Visit` and `Principal` know it."""
    room = Path(moorage.accounts.__path__[0])
    by_hand = {path.name for path in room.rglob("*.py") if re.search(r"(?<!\w)Actor\(", path.read_text("utf-8"))}
    assert by_hand == {"visit.py", "principal.py"}


async def test_a_broken_glass_is_told_whatever_opened_the_door(port: Port) -> None:
    house = port.usual
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    await marked(house, olga)
    entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    known = NewPerson("", "olga@example.com", PASSWORD, "en")
    entered(await house.people.join_as_new(await invite(house, eve), known, house.visit()))
    safe, authenticator = Safe(safe_for(house.database).own, house.accounts.second_step), Authenticator(PARTY.origin)
    await safe.add_passkey(olga, authenticator)
    await safe.enter_by_passkey(authenticator, house.visit())
    assert port.heard.broke_glass == [olga.user_id] * 3
    # In every team that was theirs by then, after the sign-in itself.
    async with house.database.read() as tx:
        entries = {team: [one.action for one in await read(tx, team, None, 40)] for team in (olga.team_id, eve.team_id)}
    assert [entries[team].count("person.break_glass_used") for team in (olga.team_id, eve.team_id)] == [3, 2]


async def test_an_ordinary_owner_breaks_no_glass_and_a_refused_one_neither(port: Port) -> None:
    house = port.usual
    olga = await house.sign_up("olga")
    entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    await marked(house, olga)
    with pytest.raises(MoorageError):
        await house.people.sign_in("olga@example.com", "a wrong one", house.visit())
    assert port.heard.broke_glass == []


async def test_the_operators_provider_breaks_the_glass_of_a_team_that_demands_its_own(port: Port) -> None:
    house = port.usual
    olga = await house.sign_up("olga")
    await marked(house, olga)
    await come(house, olga.user_id, BY_OPERATORS)
    assert port.heard.broke_glass == []
    row_id = await demand_provider(house, olga.team_id)
    await come(house, olga.user_id, BY_OPERATORS)
    assert port.heard.broke_glass == [olga.user_id]
    own = dataclasses.replace(OPERATORS, id=row_id, team_id=olga.team_id)
    await come(house, olga.user_id, Means(METHOD, provider=own))
    assert port.heard.broke_glass == [olga.user_id]


async def test_nor_is_it_broken_in_silence_by_switching_there(port: Port) -> None:
    house = port.usual
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    entered(await house.people.join_as_new(
        await invite(house, eve), NewPerson("", "olga@example.com", PASSWORD, "en"), house.visit()
    ))  # fmt: skip
    await demand_provider(house, olga.team_id)
    # Her own team demands its provider; the one that she is a member of is open.
    there = await come(house, olga.user_id, BY_OPERATORS)
    assert there.team_id == eve.team_id
    with pytest.raises(NotAllowed, match="provider_only_team"):
        await house.people.switch_team(there, olga.team_id, house.visit())
    await marked(house, olga)
    await house.people.switch_team(there, olga.team_id, house.visit())
    assert port.heard.broke_glass == [olga.user_id]
    assert (await latest(house, eve.team_id, 1)) == [("person.break_glass_used", "done")]


async def test_who_comes_over_from_another_team_stands_in_the_trail_of_this_one(port: Port) -> None:
    house = port.usual
    olga, mia = await house.sign_up("olga"), await house.sign_up("mia")
    async with house.database.write() as tx:
        await roster.add_member(tx, olga.team_id, mia.user_id, "member")
    await house.people.switch_team(mia, olga.team_id, house.visit())
    assert await latest(house, olga.team_id, 1) == [("person.came_over", "done")]
    assert "person.came_over" not in dict(await latest(house, mia.team_id, 10))


async def test_who_is_refused_at_the_door_stands_in_the_trail(port: Port) -> None:
    olga = await port.usual.sign_up("olga")
    await demand_provider(port.usual, olga.team_id)
    assert await refusal(port.usual.people.sign_in("olga@example.com", PASSWORD, port.usual.visit())) == (
        "provider_only_team"
    )
    assert await latest(port.usual, olga.team_id, 1) == [("person.sign_in_failed", "refused")]
    assert await refusal(come(port.closed, olga.user_id, Means("passkey", "passkey", has_second_factor=True))) == (
        "provider_only"
    )
    async with port.usual.database.read() as tx:
        entries = await read(tx, olga.team_id, None, 2)
    assert [entry.details for entry in entries] == [{"code": "provider_only"}, {"code": "provider_only_team"}]


async def test_an_invitation_is_not_used_up_by_somebody_who_is_not_let_in(port: Port) -> None:
    house = port.usual
    olga, eve = await house.sign_up("olga"), await house.sign_up("eve")
    link = await invite(house, olga)
    await demand_provider(house, olga.team_id)
    async with house.database.read() as tx:
        offer = await peek(tx, link)
    assert await refusal(come(house, eve.user_id, BY_PASSWORD, offer.id)) == "provider_only_team"
    async with house.database.read() as tx:
        assert (await peek(tx, link)).id == offer.id
        assert await roster.role_in(tx, olga.team_id, eve.user_id) is None


async def test_a_closed_deployment_tells_nobody_whether_a_password_was_right(port: Port) -> None:
    """Else whoever collects passwords tries them here, and goes on where they open something."""
    olga, house = await port.usual.sign_up("olga"), port.closed
    tries = [("olga@example.com", PASSWORD), ("olga@example.com", "a wrong one"), ("nobody@example.com", PASSWORD)]
    seen = []
    for email, password in tries:
        before = await latest(house, olga.team_id, 50)
        port.passwords.checks = 0
        with pytest.raises(NotAllowed) as refused:
            await house.people.sign_in(email, password, house.visit())
        new = len(await latest(house, olga.team_id, 50)) - len(before)
        seen.append((refused.value.code, refused.value.field, port.passwords.checks, new))
    assert seen == [("provider_only", None, 1, 1), ("provider_only", None, 1, 1), ("provider_only", None, 1, 0)]
    async with house.database.read() as tx:
        right, wrong = await read(tx, olga.team_id, None, 2)
    assert (right.action, right.outcome, right.details, right.actor_id, right.client) == (
        wrong.action, wrong.outcome, wrong.details, wrong.actor_id, wrong.client
    )  # fmt: skip
    assert right.action == "person.sign_in_failed"


async def test_nor_does_a_right_one_begin_the_count_of_failures_anew(port: Port) -> None:
    await port.usual.sign_up("olga")
    codes = [
        await refusal(port.closed.people.sign_in("olga@example.com", PASSWORD, port.closed.visit())) for _ in range(9)
    ]
    assert codes == ["provider_only"] * 8 + ["sign_in_limited"]


async def test_a_break_glass_account_comes_in_and_a_wrong_password_of_it_is_answered_like_all_others(
    port: Port,
) -> None:
    olga = await port.usual.sign_up("olga")
    await marked(port.usual, olga)
    wrong = port.closed.people.sign_in("olga@example.com", "a wrong one", port.closed.visit())
    assert await refusal(wrong) == "provider_only"
    entered(await port.closed.people.sign_in("olga@example.com", PASSWORD, port.closed.visit()))
    assert port.heard.broke_glass == [olga.user_id]


async def test_who_is_in_a_closed_deployment_still_proves_by_password(port: Port) -> None:
    olga = await port.usual.sign_up("olga")
    token = await port.closed.accounts.own_password.prove(olga, PASSWORD, port.closed.visit())
    assert await port.closed.people.find(token.text) is not None
    wrong = port.closed.accounts.own_password.prove(olga, "a wrong one", port.closed.visit())
    assert await refusal(wrong) == "password_wrong"


async def test_only_the_teams_own_provider_stands_for_the_second_factor_that_the_team_asks_for(port: Port) -> None:
    house = port.usual
    olga = await house.sign_up("olga")
    row_id = await demand_provider(house, olga.team_id, only=False)
    async with house.database.write() as tx:
        await tx.execute(update(TeamRow).values(needs_second_factor=True))
    own = dataclasses.replace(OPERATORS, id=row_id, team_id=olga.team_id)
    came = [
        await come(house, olga.user_id, means)
        for means in (
            BY_OPERATORS,
            dataclasses.replace(BY_OPERATORS, has_second_factor=True),
            Means(METHOD, provider=own),
            BY_PASSWORD,
        )
    ]
    assert [one.sign_in.must_add_factor for one in came] == [True, False, False, True]


async def test_what_does_not_hold_is_in_no_list_of_where_one_is_signed_in(port: Port) -> None:
    house = port.usual
    olga = await house.sign_up("olga")
    async with house.database.read() as tx:
        assert len(await devices.list_devices(tx, olga)) == len(await operator.sign_ins_of(tx, olga.user_id)) == 1
    await demand_provider(house, olga.team_id)
    assert await house.now("olga") is None
    async with house.database.read() as tx:
        assert await devices.list_devices(tx, olga) == []
        assert await operator.sign_ins_of(tx, olga.user_id) == []


def test_an_entrance_without_a_mail_server_is_an_entrance(database: Database) -> None:
    Entrance(database).require_passwords()
    with pytest.raises(NotAllowed, match="provider_only"):
        Entrance(database, only_provider=True).require_passwords()


async def test_a_role_that_ended_ends_the_way_past_the_provider(port: Port) -> None:
    house = port.usual
    olga = await house.sign_up("olga")
    adam = await house.add(olga, "adam", "owner")
    await marked(house, adam)
    await demand_provider(house, olga.team_id)
    assert (await come(house, adam.user_id, BY_PASSWORD)).role == "owner"
    async with house.database.write() as tx:
        await tx.execute(update(IdentityProviderRow).values(only=False))
        await Team(tx, olga, "r").change_role(adam.user_id, "admin")
        await tx.execute(update(IdentityProviderRow).values(only=True))
    assert await refusal(come(house, adam.user_id, BY_PASSWORD)) == "provider_only_team"
