"""Standard providers as the operator sees them: is there a key, does it work, what is listed, how much it is used."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.operators import require_operator_now
from moorage.accounts.principal import Principal
from moorage.audit.deployment import begin_if_needed
from moorage.audit.trail import Act, Outcome, record
from moorage.connections.catalogue import AbsentProvider, Catalogue, StandardProvider
from moorage.connections.offered import Offer
from moorage.connections.uses import SHOWN_DAYS, UseCounter, read_standard_uses, standard_credential
from moorage.errors import NotFound
from moorage.operating.tables import KeyTestRow
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT, db_now

Ask = Callable[[StandardProvider, str], Awaitable[Offer]]
_ASKER: Final = "operator"


@dataclass(frozen=True, slots=True)
class KeyTest:
    """What the last test found: `problem_code` None, it answered; `missing`: listed models that it did not offer."""

    tested_at: datetime
    problem_code: str | None
    offered: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A provider with a key. `uses` of the last 30 days, of all teams together."""

    provider: StandardProvider
    uses: int
    last_used_at: datetime | None
    test: KeyTest | None


class StandardKeys:
    """Tells and tests the operator's keys. A key itself is in no answer: nothing here can open one."""

    def __init__(self, database: Database, catalogue: Catalogue, ask: Ask, uses: UseCounter) -> None:
        self._database = database
        self._catalogue = catalogue
        self._ask = ask
        self._uses = uses

    @property
    def made_on(self) -> str:
        """The day of the shipped list."""
        return self._catalogue.made_on.isoformat()

    @property
    def absent(self) -> Sequence[AbsentProvider]:
        """Listed providers without a key, or without an address."""
        return self._catalogue.absent

    async def list(self, tx: AsyncConnection) -> Sequence[KeyFacts]:
        """Give each provider that has a key."""
        uses = await read_standard_uses(tx, datetime.now(UTC) - timedelta(days=SHOWN_DAYS))
        used = {provider: (count, last_at) for provider, count, last_at in uses}
        tests = await read_tests(tx)
        nothing: tuple[int, datetime | None] = (0, None)
        return [
            KeyFacts(one, *used.get(one.id, nothing), tests.get(one.id)) for one in self._catalogue.providers.values()
        ]

    async def test(self, who: Principal, request_id: str, provider_id: str) -> None:
        """Ask a provider for its list of models, free of charge, and keep what came of it; in the deployment's trail.

        Raises NotFound("standard_provider_gone"), NotAllowed as `require_operator_now`.
        """
        provider = self._catalogue.providers.get(provider_id)
        if provider is None:
            raise NotFound("standard_provider_gone", field="provider")
        async with self._database.write() as tx:
            await require_operator_now(tx, who)
            use = await self._uses.count(tx, DEPLOYMENT, standard_credential(provider.id), "test")
        use.spend(DEPLOYMENT, standard_credential(provider.id))
        offer = await self._ask(provider, _ASKER)
        async with self._database.write() as tx:
            await _keep(tx, provider.id, offer)
            await begin_if_needed(tx)
            outcome: Outcome = "done" if offer.problem is None else "failed"
            details = {} if offer.problem is None else {"code": offer.problem}
            act = Act("standard.key_tested", "standard_provider", provider.id, provider.name, outcome, details)
            await record(tx, DEPLOYMENT, who.actor(request_id), act)


async def read_tests(tx: AsyncConnection) -> Mapping[str, KeyTest]:
    """Give what the last tests found, by provider."""
    rows = await tx.execute(select(KeyTestRow.__table__))
    return {
        row.provider: KeyTest(row.tested_at, row.problem_code, row.offered, tuple(str(one) for one in row.missing))
        for row in rows
    }


async def _keep(tx: AsyncConnection, provider_id: str, offer: Offer) -> None:
    insert: Any = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    found = {
        "tested_at": db_now(),
        "problem_code": offer.problem,
        "offered": offer.count,
        "missing": list(offer.gone),
    }
    row = insert(KeyTestRow).values(provider=provider_id, **found)
    await tx.execute(row.on_conflict_do_update(index_elements=["provider"], set_=found))
