"""A deployment's people, with cheap password hashing and a clock that tests turn."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from moorage.accounts.building import Accounts, build_accounts
from moorage.accounts.limits import ResetLimit, SignInLimit
from moorage.accounts.people import NewPerson, People
from moorage.accounts.principal import Principal
from moorage.accounts.teams import Team
from moorage.accounts.visit import Visit
from moorage.storage.database import Database
from moorage.vault.passwords import Passwords
from tests.support.second_factors import entered, vault_over

PASSWORD = "a harbour at night"


@dataclass
class Clock:
    """Tells the time it was given."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class House:
    """The people of one deployment and the browsers they sign in with."""

    database: Database
    accounts: Accounts
    clock: Clock
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def people(self) -> People:
        """The part that most tests are about."""
        return self.accounts.people

    async def sign_up(self, name: str, *, visit: Visit | None = None) -> Principal:
        """Sign somebody up with a team of their own."""
        new = NewPerson(name, f"{name}@example.com", PASSWORD, "en")
        token = await self.people.sign_up(new, f"{name}'s team", visit or self.visit())
        return await self._remember(name, token.text)

    async def add(self, to: Principal, name: str, role: str) -> Principal:
        """Add somebody new to a team by invitation."""
        async with self.database.write() as tx:
            _, link = await Team(tx, to, "r").invite(role, "")
        new = NewPerson(name, f"{name}@example.com", PASSWORD, "en")
        token = entered(await self.people.join_as_new(link.text, new, self.visit()))
        return await self._remember(name, token.text)

    async def now(self, name: str) -> Principal | None:
        """Give somebody as their browser's cookie stands for them now."""
        return await self.people.find(self.tokens[name])

    def visit(self, token: str | None = None, client: str = "192.0.2.1") -> Visit:
        """Make a visit."""
        return Visit(client, "req-1", token)

    async def change_role(self, who: Principal, user_id: UUID, role: str) -> None:
        """Change a role in a transaction of its own."""
        async with self.database.write() as tx:
            await Team(tx, who, "r").change_role(user_id, role)

    async def remove(self, who: Principal, user_id: UUID) -> None:
        """Remove a member in a transaction of its own."""
        async with self.database.write() as tx:
            await Team(tx, who, "r").remove_member(user_id)

    async def _remember(self, name: str, token: str) -> Principal:
        self.tokens[name] = token
        principal = await self.people.find(token)
        assert principal is not None
        return principal


@pytest.fixture
def clock() -> Clock:
    """Give a clock at zero."""
    return Clock()


@pytest.fixture
def house(database: Database, clock: Clock) -> House:
    """Give a deployment without anybody."""
    accounts = build_accounts(
        database,
        vault_over(database),
        sign_up_open=True,
        passwords=Passwords(memory_kib=8, passes=1),
        limit=SignInLimit(clock),
        reset_limit=ResetLimit(clock),
        failure_takes_s=0,
    )
    return House(database, accounts, clock)
