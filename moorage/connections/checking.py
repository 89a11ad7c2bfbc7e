"""One free look at a connection's endpoint: its list of models, never a billed word; what it says is noted.

Asked behind the gate (P14), through the door (P11), with a counted use of the key (P12), at most a quarter of a minute.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row as ResultRow
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import Admission, require_access
from moorage.connections.credentials import AddressRules, Credentials
from moorage.connections.noting import REFUTED_BY_A_LIST, note
from moorage.connections.reaching import speak_to_stored
from moorage.connections.schedule import LONG, Due, Rhythm, claim, put_off
from moorage.connections.store import ConnectionStore
from moorage.connections.uses import KeyUse, UseCounter
from moorage.connections.watch_tables import ConnectionWatchRow
from moorage.egress.door import Door
from moorage.errors import AccessRefused, EndpointFailure, Invalid, MoorageError, NotFound, Param, Unavailable
from moorage.storage.database import Database
from moorage.storage.types import db_now
from moorage.vault.keys import Vault

DEADLINE_S: Final = 15.0
# A team that may not use its models is asked about again; a question to the database costs nobody anything.
_REFUSED_FOR: Final = timedelta(minutes=5)
_KEYS_AWAY_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Task:
    """A check that was claimed, admitted and counted."""

    admission: Admission
    row: ResultRow[Any]
    plan: ResultRow[Any]
    use: KeyUse


class Checker:
    """Looks at one connection at a time; `Watch` says at which."""

    def __init__(
        self,
        *,
        database: Database,
        door: Door,
        vault: Vault,
        rules: AddressRules,
        uses: UseCounter,
        rhythm: Rhythm,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._database = database
        self._door = door
        self._credentials = Credentials(vault, rules)
        self._uses = uses
        self._rhythm = rhythm
        self._deadline_s = deadline_s

    async def check(self, due: Due) -> None:
        """Look once, unless another process does. Raises Unavailable when the database is away."""
        task = await self._begin(due)
        if task is None:
            return
        failure: MoorageError | None = None
        try:
            await self._ask(task)
        except Unavailable as error:
            if error.code != "key_unreadable":
                async with self._database.write() as tx:
                    await put_off(tx, due.connection_id, _KEYS_AWAY_FOR)
                return
            failure = error
        except (EndpointFailure, Invalid) as error:
            failure = error
        async with self._database.write() as tx:
            await self._end(tx, task, failure)

    async def _begin(self, due: Due) -> _Task | None:
        async with self._database.write() as tx:
            if not await claim(tx, due):
                return None
            try:
                admission = await require_access(tx, due.team_id)
                row = await ConnectionStore(tx, due.team_id).get(due.connection_id)
            except (AccessRefused, NotFound):
                await put_off(tx, due.connection_id, _REFUSED_FOR)
                return None
            found = await tx.execute(
                select(ConnectionWatchRow.__table__).where(ConnectionWatchRow.connection_id == due.connection_id)
            )
            use = await self._uses.count(tx, due.team_id, str(due.connection_id), "check")
            return _Task(admission, row, found.one(), use)

    async def _ask(self, task: _Task) -> None:
        provider = await speak_to_stored(self._door, self._credentials, task.admission, task.row, task.use)
        try:
            async with asyncio.timeout(self._deadline_s):
                await provider.look_in()
        except TimeoutError:
            raise EndpointFailure("first_byte_timeout", timeout_s=int(self._deadline_s)) from None

    async def _end(self, tx: AsyncConnection, task: _Task, failure: MoorageError | None) -> None:
        row, plan, rhythm = task.row, task.plan, self._rhythm
        if failure is None:
            await _note(tx, row, None, {})
            well: dict[str, Any] = {"misses": 0, "missing_since": None}
            await put_off(tx, row.id, rhythm.after_good(), checked_at=db_now(), **well)
            return
        if failure.code == "models_not_offered":
            await put_off(tx, row.id, LONG, checked_at=db_now())
            return
        since, is_the_way = plan.missing_since, failure.code in REFUTED_BY_A_LIST
        if not is_the_way and since is not None and row.good_at is not None and row.good_at > since:
            # Calls went well while the list did not: it says nothing about the model.
            await put_off(tx, row.id, LONG, checked_at=db_now())
            return
        await _note(tx, row, failure.code, failure.params)
        misses: dict[str, Any] = {"misses": plan.misses + 1}
        if since is None or is_the_way:
            misses["missing_since"] = db_now()
        await put_off(tx, row.id, rhythm.after_miss(plan.misses + 1), checked_at=db_now(), **misses)


async def _note(tx: AsyncConnection, row: ResultRow[Any], code: str | None, facts: Mapping[str, Param]) -> None:
    await note(tx, row.team_id, row.id, code, facts=facts, by="check", key_number=row.key_number)
