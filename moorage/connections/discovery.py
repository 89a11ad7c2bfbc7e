"""Asks a stored connection for its models again and shows what came and went: new ones arrive off (P9)."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import Admission, require_access
from moorage.audit.trail import Act, record
from moorage.connections.acting import Caller, outcome_of, refusals_recorded, require_connector, require_readable
from moorage.connections.credentials import Credentials
from moorage.connections.noting import note
from moorage.connections.pace import Pace
from moorage.connections.reaching import speak_to_stored
from moorage.connections.store import ConnectionStore, Merged
from moorage.connections.uses import KeyUse, UseCounter
from moorage.egress.door import Door
from moorage.errors import EndpointFailure, MoorageError, Unavailable
from moorage.providers.protocol import DiscoveredModel
from moorage.reports.desk import Reports
from moorage.storage.database import Database
from moorage.storage.types import new_id
from moorage.usage.estimates import Count
from moorage.usage.ledger import Call, Ledger
from moorage.usage.outcomes import Ended, Outcome

DEADLINE_S: Final = 45.0


class Discovery:
    """Re-discovers the models of stored connections. Shares the pace of tests: both knock at somebody's endpoint."""

    def __init__(
        self,
        *,
        database: Database,
        door: Door,
        credentials: Credentials,
        ledger: Ledger,
        uses: UseCounter,
        pace: Pace,
        reports: Reports | None = None,
    ) -> None:
        self._database = database
        self._door = door
        self._credentials = credentials
        self._ledger = ledger
        self._uses = uses
        self._pace = pace
        self._reports = reports or Reports()

    async def run(self, caller: Caller, connection_id: UUID) -> Merged:
        """Ask and merge.

        Raises NotAllowed, TooMany("tests_limited"), AccessRefused, NotFound("connection_gone"),
        Conflict("connection_needs_key"), and EndpointFailure when the endpoint fails: then the stored models stay as
        they are.
        """
        require_connector(caller)
        self._pace.take(caller.person.team_id)
        call_id = new_id()
        async with refusals_recorded(self._database, caller, str(connection_id), ""), self._database.write() as tx:
            admission = await require_access(tx, caller.person.team_id)
            row = await ConnectionStore(tx, caller.person.team_id).get(connection_id)
            require_readable(row)
            await self._ledger.announce(tx, _announce(call_id, caller, row))
            use = await self._uses.count(tx, caller.person.team_id, str(row.id), "discovery")
        started_s = time.perf_counter()
        failure: MoorageError | None = None
        found: Sequence[DiscoveredModel] = ()
        try:
            found = await self._ask(admission, row, use)
        except MoorageError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - the call was announced: it is settled and told, whatever happened
            self._reports.note("discovery_broke", error)
            failure = Unavailable("unexpected")
        duration_ms = round((time.perf_counter() - started_s) * 1000, 1)
        ended: Ended = "ok" if failure is None else "upstream_error"
        async with self._database.write() as tx:
            # A list costs no tokens that anybody could report.
            await self._ledger.settle(tx, call_id, Outcome(Count(None, None, "missing"), ended, None, duration_ms))
            merged = await self._settle(tx, caller, row, found, failure)
        if failure is not None:
            raise failure
        return merged

    async def _ask(self, admission: Admission, row: ResultRow[Any], use: KeyUse) -> Sequence[DiscoveredModel]:
        provider = await speak_to_stored(self._door, self._credentials, admission, row, use)
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await provider.list_models()
        except TimeoutError:
            raise EndpointFailure("took_too_long", timeout_s=int(DEADLINE_S)) from None

    async def _settle(
        self,
        tx: AsyncConnection,
        caller: Caller,
        row: ResultRow[Any],
        found: Sequence[DiscoveredModel],
        failure: MoorageError | None,
    ) -> Merged:
        store = ConnectionStore(tx, row.team_id)
        merged = Merged((), ())
        if failure is None:
            await store.get(row.id)
            merged = await store.merge_models(row.id, found)
            details: dict[str, str | int | bool | None] = {"came": len(merged.came), "went": len(merged.went)}
        else:
            details = {"code": failure.code}
        if failure is None or isinstance(failure, EndpointFailure):
            await note(
                tx,
                row.team_id,
                row.id,
                None if failure is None else failure.code,
                facts=None if failure is None else failure.params,
                by="check",
                key_number=row.key_number,
            )
        act = Act("models.discovered", "connection", str(row.id), row.name, outcome_of(failure), details)
        await record(tx, row.team_id, caller.actor, act)
        return merged


def _announce(call_id: UUID, caller: Caller, row: ResultRow[Any]) -> Call:
    return Call(
        call_id=call_id,
        team_id=row.team_id,
        user_id=caller.person.user_id,
        kind="byom",
        purpose="discovery",
        connection_id=row.id,
        provider=row.provider,
        model_id="",
        tokens_in_estimate=0,
    )
