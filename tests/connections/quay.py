"""The connections room with real parts: a database, a vault, the door, a TLS model server that may be reached."""

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from moorage.accounts.principal import Principal, SignInFacts
from moorage.accounts.tables import MembershipRow, TeamRow, UserRow
from moorage.audit.tables import AuditRow
from moorage.audit.trail import begin_trail
from moorage.chat.conversations import ConversationStore
from moorage.connections.acting import Caller
from moorage.connections.catalogue import Catalogue
from moorage.connections.chosen import ChosenModel
from moorage.connections.credentials import AddressRules
from moorage.connections.facade import Connections, Draft
from moorage.connections.findings import StageEvent
from moorage.connections.opening import ProviderDesk
from moorage.connections.picker import Picker
from moorage.connections.places import Entered
from moorage.connections.store import Wanted
from moorage.connections.testing import Finished, TestEvents
from moorage.connections.zones import Seal
from moorage.egress.door import Door, Limits
from moorage.egress.policy import Address, AddressPolicy, Exceptions
from moorage.providers.protocol import ChatRequest, Delta, Provider, Turn
from moorage.storage.database import Database
from moorage.storage.types import db_now, new_id
from moorage.usage.ledger import Ledger
from moorage.vault.check import check_keys
from moorage.vault.keyring import KeyRing
from moorage.vault.keys import Vault
from moorage.vault.secret import Secret
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.vaults import ring_in

HOST = "llm.test"
KEY = "sk-own-4711"
NAMES = {HOST: "127.0.0.1", "other.test": "127.0.0.1", "inside.test": "10.1.2.3", "metadata.test": "169.254.169.254"}


class Names:
    """Resolves the names of the tests; every other name has no address."""

    async def resolve(self, host: str, port: int, team: str) -> list[Address]:
        return [ip_address(NAMES[host])] if host in NAMES else []


@dataclass
class Quay:
    """Everything the room needs, and the cast."""

    database: Database
    door: Door
    vault: Vault
    rules: AddressRules
    server: ModelServer
    connections: Connections
    picker: Picker
    desk: ProviderDesk
    olga: Caller
    adam: Caller
    mia: Caller
    eve: Caller
    conversations: dict[UUID, UUID]
    stack: AsyncExitStack = field(repr=False)

    @property
    def base_url(self) -> str:
        return self.server.base_url

    def entered(self, base_url: str | None = None, key: str | None = KEY, auth_style: str = "auto") -> Entered:
        return Entered(
            self.base_url if base_url is None else base_url, None if key is None else Secret(key), auth_style
        )

    def draft(self, **changes: Any) -> Draft:
        draft = Draft(
            name="Kanzlei GPU",
            provider="openai_compatible",
            entered=self.entered(),
            zone="own_hardware",
            data_location="Hamburg",
            maintainer_id=None,
            key_expires_on=None,
            models=[Wanted("steady", "", enabled=True)],
            test_id=None,
        )
        return replace(draft, **changes)

    async def test(self, **entered: Any) -> Finished:
        """Run a draft's test to its end as Olga."""
        model_id = entered.pop("model_id", None)
        return await finish(self.connections.test_draft(self.olga, self.entered(**entered), model_id))

    async def connect(self, **changes: Any) -> UUID:
        """Test and save, as the wizard does; gives the connection's id."""
        finished = await self.test()
        facts = await self.connections.make(self.olga, self.draft(test_id=finished.test_id, **changes))
        return facts.id

    async def ref(self, model_id: str = "steady") -> str:
        """Give the picker's name for a model of Olga's team."""
        async with self.database.read() as tx:
            lines = await self.picker.lines(tx, self.olga.asker)
        return next(line.ref for line in lines if line.model_id == model_id)

    async def open(self, chosen: ChosenModel) -> Provider:
        """Open a chosen model for Olga's words."""
        return await self.desk.open(chosen, team_id=self.olga.person.team_id, person_id=self.olga.person.user_id)

    async def choose(self, ref: str) -> ChosenModel:
        """Choose a model for Olga's team."""
        async with self.database.write() as tx:
            return await self.picker.choose(tx, self.olga.asker, ref, self.unsealed())

    def unsealed(self, team_id: UUID | None = None) -> Seal:
        """Give the seal of a conversation that is not sealed, of Olga's team or of another."""
        return Seal.read(self.conversations[team_id or self.olga.person.team_id], None, None)

    async def reply(self, ref: str) -> str:
        """Write three words with a model, the way a reply does."""
        chosen = await self.choose(ref)
        request = ChatRequest(chosen.model_id, (Turn("user", "Hello"),), max_tokens=3)
        items = [item async for item in (await self.open(chosen)).reply(request)]
        return "".join(item.text for item in items if isinstance(item, Delta)).strip()

    async def set_standing(self, standing: str, plan: str = "free") -> None:
        """Change what the operator decides about Olga's team."""
        async with self.database.write() as tx:
            await tx.execute(
                update(TeamRow).where(TeamRow.id == self.olga.person.team_id).values(standing=standing, plan=plan)
            )

    async def acts(self) -> list[tuple[str, str, str]]:
        """Give action, object name and outcome of Olga's team's trail, oldest first."""
        async with self.database.read() as tx:
            rows = await tx.execute(
                select(AuditRow.action, AuditRow.object_name, AuditRow.outcome)
                .where(AuditRow.team_id == self.olga.person.team_id)
                .order_by(AuditRow.seq)
            )
        return [(row.action, row.object_name, row.outcome) for row in rows]

    async def rows(self, table: Any) -> list[Any]:
        """Give all rows of a table."""
        async with self.database.read() as tx:
            return list((await tx.execute(select(table.__table__))).all())

    async def count(self, table: Any) -> int:
        """Count the rows of a table."""
        async with self.database.read() as tx:
            return int(await tx.scalar(select(func.count()).select_from(table)) or 0)


async def watch(events: TestEvents) -> list[StageEvent | Finished]:
    """Read a test to its end."""
    return [event async for event in events]


async def finish(starting: Awaitable[TestEvents]) -> Finished:
    """Start a test, read it to its end, give the end."""
    last = (await watch(await starting))[-1]
    assert isinstance(last, Finished)
    return last


def states(finished: Finished) -> dict[str, str]:
    """Give stage → state, with the code where there is one."""
    return {
        name: event.state if event.code is None else f"{event.state} {event.code}"
        for name, event in finished.findings.stages.items()
    }


def failed(finished: Finished) -> tuple[str, str | None]:
    """Give the stage that failed and its code."""
    event = finished.findings.failed
    assert event is not None, states(finished)
    return event.stage, event.code


@asynccontextmanager
async def open_quay(
    database: Database, folder: Path, server: ModelServer, authority: TestAuthority, **options: Any
) -> AsyncIterator[Quay]:
    """Compose the room around a running model server."""
    ports: Sequence[int] = (server.port, *options.pop("also_ports", ()))
    exceptions = Exceptions.parse(
        ", ".join(f"{host}:{port}=127.0.0.1/32" for host in (HOST, "other.test") for port in ports)
    )
    limits: Limits = options.pop("limits", Limits(refusal_after_s=0.0))
    door = Door(policy=AddressPolicy(exceptions), resolver=Names(), extra_ca_file=authority.ca_pem, limits=limits)
    fixed = {name: server.base_url for name in (options.pop("fixed_at_server", None),) if name is not None}
    rules = AddressRules(door.refusals, frozenset({443, 8443}), exceptions, fixed)
    KeyRing.create(folder / "keys")
    vault = Vault(database, ring_in(folder / "keys"))
    await check_keys(database, vault.sources)
    catalogue = Catalogue.load(None, options.pop("keys", {}))
    connections = Connections(
        database=database, door=door, vault=vault, ledger=Ledger("test", "1"), rules=rules, **options
    )
    olga, adam, mia, eve = await _cast(database)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(door.aclose)
        stack.push_async_callback(connections.aclose)
        yield Quay(
            database=database,
            door=door,
            vault=vault,
            rules=rules,
            server=server,
            connections=connections,
            picker=Picker(catalogue, demo=True),
            desk=ProviderDesk(database, door, vault, catalogue, rules=rules, demo_pause_s=0),
            olga=olga,
            adam=adam,
            mia=mia,
            eve=eve,
            conversations=await _conversations(database, olga, eve),
            stack=stack,
        )


async def _conversations(database: Database, *callers: Caller) -> dict[UUID, UUID]:
    made = {}
    async with database.write() as tx:
        for caller in callers:
            store = ConversationStore(tx, caller.person.team_id, caller.person.user_id)
            made[caller.person.team_id] = await store.make("")
    return made


async def _cast(database: Database) -> tuple[Caller, Caller, Caller, Caller]:
    callers = []
    teams = {"Kanzlei Brandt": new_id(), "Elsewhere": new_id()}
    async with database.write() as tx:
        for name, team_id in teams.items():
            await tx.execute(
                insert(TeamRow).values(id=team_id, name=name, plan="free", standing="active", created_at=db_now())
            )
            await begin_trail(tx, team_id)
        for name, role, team in (
            ("Olga", "owner", "Kanzlei Brandt"),
            ("Adam", "admin", "Kanzlei Brandt"),
            ("Mia", "member", "Kanzlei Brandt"),
            ("Eve", "owner", "Elsewhere"),
        ):
            user_id, email = new_id(), f"{name.lower()}@example.com"
            await tx.execute(
                insert(UserRow).values(
                    id=user_id,
                    email=email,
                    name=name,
                    password_hash="-",
                    locale="en",
                    is_operator=False,
                    created_at=db_now(),
                )
            )
            await tx.execute(
                insert(MembershipRow).values(team_id=teams[team], user_id=user_id, role=role, joined_at=db_now())
            )
            person = Principal(
                user_id=user_id,
                name=name,
                email=email,
                locale="en",
                is_operator=False,
                team_id=teams[team],
                team_name=team,
                plan="free",
                standing="active",
                role=role,
                sign_in=SignInFacts(
                    id=new_id(),
                    method="password",
                    has_second_factor=False,
                    must_add_factor=False,
                    has_proved=True,
                    provider_id=None,
                ),
                csrf_token="-",
            )
            callers.append(Caller(person, f"request-of-{name.lower()}"))
    return callers[0], callers[1], callers[2], callers[3]
