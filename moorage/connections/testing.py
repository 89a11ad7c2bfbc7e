"""Runs staged tests for a team: of an address nobody saved yet, of a stored connection, of a replacement for one.

Permission, pace and gate come before the first stage and are ordinary errors; no transaction is open while a test
runs; a test that is left early stores nothing (P8, P14).
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import Admission, require_access
from moorage.audit.trail import Act, record
from moorage.audit.trail import Outcome as ActOutcome
from moorage.connections.acting import (
    Caller,
    may_vouch,
    refusals_recorded,
    require_connector,
    require_connector_still,
    require_readable,
)
from moorage.connections.admitted import AdmittedDoor
from moorage.connections.credentials import AddressRules, Credentials, Reach, StoredReach
from moorage.connections.findings import Findings, Located, StageEvent
from moorage.connections.ledger_watch import LedgerWatch
from moorage.connections.pace import Pace
from moorage.connections.places import Entered, StoredPlace, fingerprint_of, locate
from moorage.connections.profiles import ProfileStore
from moorage.connections.results import TestResults
from moorage.connections.runs import Runs
from moorage.connections.stages import CallWatch, NoWatch, StagedTest
from moorage.connections.store import ConnectionStore
from moorage.connections.undertakings import void
from moorage.connections.uses import UseCounter
from moorage.egress.door import Door, Scope
from moorage.errors import Invalid
from moorage.reports.desk import Reports
from moorage.storage.database import Database
from moorage.storage.types import db_now, new_id
from moorage.usage.ledger import Ledger

TESTS_PER_MINUTE: Final = 10
# Logs of public certificates are searched by it, so it leads to the address.
_KEY_HASH: Final = "key_sha256"
# What is not saved yet has no name; the trail tells it in the reader's language.
DRAFT_NAME: Final = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a test. `test_id` names the stored result."""

    test_id: UUID
    findings: Findings


TestEvents = AsyncGenerator[StageEvent | Finished, None]
Emit = Callable[[StageEvent], None]


class Testing:
    """Starts tests. Each method asks its questions first and then gives the events to iterate."""

    __test__ = False

    def __init__(
        self,
        *,
        database: Database,
        door: Door,
        credentials: Credentials,
        rules: AddressRules,
        ledger: Ledger,
        uses: UseCounter,
        deadline_s: float,
        reports: Reports | None = None,
    ) -> None:
        self._database = database
        self._door = door
        self._credentials = credentials
        self._rules = rules
        self._ledger = ledger
        self._uses = uses
        self._deadline_s = deadline_s
        self.pace = Pace(TESTS_PER_MINUTE, "tests_limited")
        self._runs: Runs[StageEvent, Finished] = Runs(reports)

    async def aclose(self) -> None:
        """End the tests under way; what they announced gets settled."""
        await self._runs.aclose()

    async def test_draft(self, caller: Caller, entered: Entered, model_id: str | None) -> TestEvents:
        """Test what was typed. Raises NotAllowed, TooMany("tests_limited"), AccessRefused before anything is sent."""
        admission = await self._admit(caller, DRAFT_NAME)
        team_id = caller.person.team_id
        credentials, test_id = await self._credentials.of(team_id), new_id()

        async def work(emit: Emit) -> Finished:
            findings = await self._walk(
                admission, test_id, lambda: locate(self._rules, entered), emit, model_id=model_id
            )
            sealed = None
            if findings.endpoint is not None:
                sealed = credentials.seal_tested(test_id, findings.endpoint)
            async with self._database.write() as tx:
                await TestResults(tx, team_id).keep(
                    test_id,
                    findings,
                    connection_id=None,
                    fingerprint=fingerprint_of(credentials, entered),
                    sealed_base_url=sealed,
                    made_by=caller.person.user_id,
                )
                await record(tx, team_id, caller.actor, _act_of_test(str(test_id), DRAFT_NAME, findings))
            return Finished(test_id, findings)

        return self._runs.follow(work)

    async def test_stored(self, caller: Caller, connection_id: UUID) -> TestEvents:
        """Test a stored connection with its stored key.

        Raises as `test_draft`, NotFound("connection_gone"), Conflict("connection_needs_key").
        """
        admission, row, prefers = await self._admit_stored(caller, connection_id)
        require_readable(row)
        stored = await self._open(row, prefers)
        test_id = new_id()
        async with self._database.write() as tx:
            use = await self._uses.count(tx, row.team_id, str(row.id), "test")

        async def work(emit: Emit) -> Finished:
            findings = await self._walk(
                admission,
                test_id,
                lambda: stored.locate(use),
                emit,
                shows_key_hash=False,
                prefers=None if prefers is None else prefers.model_id,
                watch=LedgerWatch(self._database, self._ledger, caller, row),
            )
            async with self._database.write() as tx:
                await self._keep_stored(tx, caller, stored, test_id, findings)
            return Finished(test_id, findings)

        return self._runs.follow(work)

    async def replace_endpoint(self, caller: Caller, connection_id: UUID, entered: Entered) -> TestEvents:
        """Test a new address and key for a connection, and swap both in one transaction if the test passes.

        Raises as `test_stored`, and Invalid: "key_needed" (api_key) where the key is to be entered again, and
        "address_needed" (base_url) for certificates beside an address that is kept. Whoever manages a connection need
        not know its address, and could find it out by entering certificates of whom they guess.
        """
        admission, row, prefers = await self._admit_stored(caller, connection_id)
        if row.key_lost_at is not None and entered.base_url is None:
            raise Invalid("address_needed_again", field="base_url")
        changes_something = entered.base_url is not None or entered.trust is not None
        if entered.key is None and (row.sealed_key is not None or not changes_something):
            raise Invalid("key_needed", field="api_key")
        if entered.trust is not None and entered.base_url is None:
            raise Invalid("address_needed", field="base_url")
        stored = await self._open(row, prefers)
        test_id = new_id()

        async def work(emit: Emit) -> Finished:
            findings = await self._walk(
                admission,
                test_id,
                lambda: (
                    stored.keep_address(entered)
                    if entered.base_url is None
                    else stored.take_address(self._rules, entered)
                ),
                emit,
                shows_key_hash=entered.base_url is not None,
                prefers=None if prefers is None else prefers.model_id,
                watch=LedgerWatch(self._database, self._ledger, caller, row),
            )
            async with self._database.write() as tx:
                await self._swap(tx, caller, stored, test_id, entered, findings)
            await self._door.hang_up(str(connection_id))
            return Finished(test_id, findings)

        return self._runs.follow(work)

    async def _admit(self, caller: Caller, object_name: str) -> Admission:
        self._require_turn(caller)
        async with refusals_recorded(self._database, caller, "", object_name), self._database.read() as tx:
            return await require_access(tx, caller.person.team_id)

    async def _admit_stored(
        self, caller: Caller, connection_id: UUID
    ) -> tuple[Admission, ResultRow[Any], ResultRow[Any] | None]:
        """Let through, and give the connection's row and the model to ask: the first that people can choose."""
        self._require_turn(caller)
        async with refusals_recorded(self._database, caller, str(connection_id), ""), self._database.read() as tx:
            # In one transaction: what is tested is what the gate was asked about.
            admission = await require_access(tx, caller.person.team_id)
            store = ConnectionStore(tx, caller.person.team_id)
            row = await store.get(connection_id)
            models = await store.models(connection_id)
        prefers = next((model for model in models if model.enabled and model.vanished_at is None), None)
        return admission, row, prefers

    def _require_turn(self, caller: Caller) -> None:
        require_connector(caller)
        self.pace.take(caller.person.team_id)

    async def _walk(
        self,
        admission: Admission,
        test_id: UUID,
        locate: Callable[[], Located],
        emit: Emit,
        *,
        model_id: str | None = None,
        prefers: str | None = None,
        watch: CallWatch | None = None,
        shows_key_hash: bool = True,
    ) -> Findings:
        """Walk the stages; without the hash of the server's key where nobody may see the address again."""
        test = StagedTest(
            AdmittedDoor(self._door, admission),
            scope=Scope(str(admission.team_id), f"test:{test_id}"),
            locate=locate,
            model_id=model_id,
            prefers=prefers,
            watch=watch or NoWatch(),
            deadline_s=self._deadline_s,
        )
        async for event in test.run():
            emit(event if shows_key_hash else event.without(_KEY_HASH))
        findings = test.findings
        if not shows_key_hash:
            findings.stages = {stage: event.without(_KEY_HASH) for stage, event in findings.stages.items()}
        return findings

    async def _open(self, row: ResultRow[Any], prefers: ResultRow[Any] | None) -> StoredPlace:
        keys = await self._credentials.of(row.team_id, *StoredReach.of_row(row).envelopes)
        return StoredPlace(row, keys, {} if prefers is None else prefers.overrides)

    async def _keep_stored(
        self, tx: AsyncConnection, caller: Caller, stored: StoredPlace, test_id: UUID, findings: Findings
    ) -> None:
        row = stored.row
        store = ConnectionStore(tx, row.team_id)
        await store.get(row.id)
        if findings.passed or findings.failed is not None:
            told, facts = findings.health_code, findings.health_facts
            await store.note_health(row.id, told, facts=facts, key_number=row.key_number)
        await store.note_certificate(row.id, findings.server_certificate, key_number=row.key_number)
        if findings.passed:
            await store.remember(row.id, row.key_number, findings.quirks.without_habits().to_json())
            if findings.probed is not None:
                profiles = ProfileStore(tx, row.team_id)
                await profiles.learn(row.id, row.key_number, findings.probed, findings.quirks.habits, afresh=True)
            if "v1_added" in findings.notes and findings.endpoint is not None:
                use = await self._uses.count(tx, row.team_id, str(row.id), "test")
                reach = Reach(findings.endpoint, stored.locate(use).key, findings.trust)
                await store.correct_address(row.id, row.key_number, stored.seal(reach))
        await TestResults(tx, row.team_id).keep(
            test_id,
            findings,
            connection_id=row.id,
            fingerprint=stored.fingerprint(findings, None),
            sealed_base_url=None,
            made_by=caller.person.user_id,
        )
        await record(tx, row.team_id, caller.actor, _act_of_test(str(row.id), row.name, findings))

    async def _swap(
        self,
        tx: AsyncConnection,
        caller: Caller,
        stored: StoredPlace,
        test_id: UUID,
        entered: Entered,
        findings: Findings,
    ) -> None:
        """Write the new address and key, or only the failed test; the old ones keep working until then."""
        row = stored.row
        await require_access(tx, row.team_id)
        await require_connector_still(tx, caller)
        swaps = findings.passed and findings.endpoint is not None
        if swaps and findings.endpoint is not None:
            store = ConnectionStore(tx, row.team_id)
            await store.replace_endpoint(
                row.id,
                replaces=row.key_number,
                quirks=findings.quirks.without_habits(),
                by=caller.person.user_id,
                sealed=stored.seal(Reach(findings.endpoint, entered.key, findings.trust)),
            )
            if stored.is_left_for(findings.endpoint):
                # Whoever sealed a conversation saw the zone on another server, and whoever signed runs that one.
                await store.change(row.id, {"zone_since": db_now(), "is_vouched": may_vouch(caller)})
                await void(tx, caller, row.id, row.name)
            profiles = ProfileStore(tx, row.team_id)
            await profiles.forget(row.id)
            if findings.models_offered:
                await store.merge_models(row.id, findings.models)
            if findings.probed is not None:
                await profiles.learn(row.id, row.key_number + 1, findings.probed, findings.quirks.habits, afresh=True)
            await store.note_health(row.id, findings.health_code, facts=findings.health_facts)
            await store.note_certificate(row.id, findings.server_certificate, key_number=row.key_number + 1)
            act = Act(
                "connection.key_replaced",
                "connection",
                str(row.id),
                row.name,
                details={
                    "number": row.key_number + 1,
                    "address_entered": entered.base_url is not None,
                    "certificates_entered": entered.trust is not None,
                },
            )
        else:
            act = _act_of_test(str(row.id), row.name, findings)
        # A failed candidate says nothing about the connection that stays in use.
        await TestResults(tx, row.team_id).keep(
            test_id,
            findings,
            connection_id=row.id if swaps else None,
            fingerprint=stored.fingerprint(findings, entered.key),
            sealed_base_url=None,
            made_by=caller.person.user_id,
        )
        await record(tx, row.team_id, caller.actor, act)


def _act_of_test(object_id: str, name: str, findings: Findings) -> Act:
    failed = findings.failed
    details: dict[str, str | int | bool | None] = {"passed": findings.passed, "models": len(findings.models)}
    if failed is not None:
        details |= {"stage": failed.stage, "code": failed.code}
    outcome: ActOutcome = "done" if failed is None else "refused" if findings.refused else "failed"
    return Act("connection.tested", "connection", object_id, name, outcome, details)
