"""Runs staged tests for a team: of an address nobody saved yet, of a stored connection, of a replacement for one.

Permission, pace and gate come before the first stage and are ordinary errors; no transaction is open while a test
runs; a test that is left early stores nothing (P8, P14).
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, cast
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import require_access
from moorage.audit.trail import Act, record
from moorage.audit.trail import Outcome as ActOutcome
from moorage.connections.acting import Caller, refusals_recorded, require_connector
from moorage.connections.credentials import AddressRules, Credentials, Reach
from moorage.connections.findings import Findings, Located, StageEvent
from moorage.connections.pace import Pace
from moorage.connections.results import TestResults
from moorage.connections.runs import Runs
from moorage.connections.stages import CallWatch, NoWatch, StagedTest
from moorage.connections.store import ConnectionStore
from moorage.egress.door import Door, Scope, Trust
from moorage.errors import Invalid
from moorage.providers.addresses import read_pasted_url
from moorage.providers.protocol import Quirks
from moorage.storage.database import Database
from moorage.storage.types import new_id
from moorage.usage.estimates import Count
from moorage.usage.ledger import Call, Ended, Ledger, Outcome
from moorage.vault.secret import Secret

TESTS_PER_MINUTE: Final = 10
# Logs of public certificates are searched by it, so it leads to the address.
_KEY_HASH: Final = "key_sha256"
# What is not saved yet has no name; the trail tells it in the reader's language.
DRAFT_NAME: Final = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody typed. `base_url=None` keeps a stored connection's address, `trust=None` then its trust."""

    base_url: str | None = field(repr=False)
    key: Secret | None
    auth_style: str = "auto"
    trust: Trust | None = None


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
        deadline_s: float,
    ) -> None:
        self._database = database
        self._door = door
        self._credentials = credentials
        self._rules = rules
        self._ledger = ledger
        self._deadline_s = deadline_s
        self.pace = Pace(TESTS_PER_MINUTE, "tests_limited")
        self._runs: Runs[StageEvent, Finished] = Runs()

    async def aclose(self) -> None:
        """End the tests under way; what they announced gets settled."""
        await self._runs.aclose()

    async def test_draft(self, caller: Caller, entered: Entered, model_id: str | None) -> TestEvents:
        """Test what was typed. Raises NotAllowed, TooMany("tests_limited"), AccessRefused before anything is sent."""
        await self._admit(caller, "", DRAFT_NAME)
        team_id, base_url = caller.person.team_id, entered.base_url or ""
        test_id = new_id()

        async def work(emit: Emit) -> Finished:
            findings = await self._walk(team_id, test_id, lambda: locate(self._rules, entered), emit, model_id=model_id)
            sealed = None
            if findings.endpoint is not None:
                sealed = self._credentials.seal_tested(team_id, test_id, findings.endpoint)
            async with self._database.write() as tx:
                await TestResults(tx, team_id).keep(
                    test_id,
                    findings,
                    connection_id=None,
                    fingerprint=self._credentials.fingerprint(
                        team_id, base_url, entered.key, entered.trust or Trust(), entered.auth_style
                    ),
                    sealed_base_url=sealed,
                    made_by=caller.person.user_id,
                )
                await record(tx, team_id, caller.actor, _act_of_test(str(test_id), DRAFT_NAME, findings))
            return Finished(test_id, findings)

        return self._runs.follow(work)

    async def test_stored(self, caller: Caller, connection_id: UUID) -> TestEvents:
        """Test a stored connection with its stored key. Raises as `test_draft`, and NotFound("connection_gone")."""
        row, prefers = await self._admit_stored(caller, connection_id)
        test_id = new_id()

        async def work(emit: Emit) -> Finished:
            findings = await self._walk(
                row.team_id,
                test_id,
                lambda: self._open(row),
                emit,
                shows_key_hash=False,
                prefers=prefers,
                watch=LedgerWatch(self._database, self._ledger, caller, row),
            )
            async with self._database.write() as tx:
                await self._keep_stored(tx, caller, row, test_id, findings)
            return Finished(test_id, findings)

        return self._runs.follow(work)

    async def replace_endpoint(self, caller: Caller, connection_id: UUID, entered: Entered) -> TestEvents:
        """Test a new address and key for a connection, and swap both in one transaction if the test passes.

        Raises as `test_stored`, and Invalid("key_needed", field="api_key") where the key is to be entered again.
        """
        row, prefers = await self._admit_stored(caller, connection_id)
        changes_something = entered.base_url is not None or entered.trust is not None
        if entered.key is None and (row.sealed_key is not None or not changes_something):
            raise Invalid("key_needed", field="api_key")
        test_id = new_id()

        async def work(emit: Emit) -> Finished:
            findings = await self._walk(
                row.team_id,
                test_id,
                lambda: (
                    locate(self._rules, entered) if entered.base_url is not None else self._keep_address(row, entered)
                ),
                emit,
                shows_key_hash=entered.base_url is not None,
                prefers=prefers,
                watch=LedgerWatch(self._database, self._ledger, caller, row),
            )
            async with self._database.write() as tx:
                await self._swap(tx, caller, row, test_id, entered, findings)
            await self._door.hang_up(str(connection_id))
            return Finished(test_id, findings)

        return self._runs.follow(work)

    async def _admit(self, caller: Caller, object_id: str, object_name: str) -> None:
        require_connector(caller)
        self.pace.take(caller.person.team_id)
        async with refusals_recorded(self._database, caller, object_id, object_name), self._database.read() as tx:
            await require_access(tx, caller.person.team_id)

    async def _admit_stored(self, caller: Caller, connection_id: UUID) -> tuple[ResultRow[Any], str | None]:
        """Give the connection's row and the model to ask: the first that people can choose."""
        await self._admit(caller, str(connection_id), "")
        async with self._database.read() as tx:
            store = ConnectionStore(tx, caller.person.team_id)
            row = await store.get(connection_id)
            models = await store.models(connection_id)
        return row, next((model.model_id for model in models if model.enabled and model.vanished_at is None), None)

    async def _walk(
        self,
        team_id: UUID,
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
            self._door,
            scope=Scope(str(team_id), f"test:{test_id}"),
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

    def _open(self, row: ResultRow[Any]) -> Located:
        reach = self._credentials.open(row.team_id, row.id, row.sealed_base_url, row.sealed_key, row.sealed_trust)
        return Located(reach.endpoint, reach.key, Quirks.from_json(row.quirks), trust=reach.trust)

    def _keep_address(self, row: ResultRow[Any], entered: Entered) -> Located:
        endpoint, stored = self._credentials.open_address(row.team_id, row.id, row.sealed_base_url, row.sealed_trust)
        quirks = with_auth(Quirks.from_json(row.quirks), entered.auth_style)
        return Located(endpoint, entered.key, quirks, trust=stored if entered.trust is None else entered.trust)

    async def _keep_stored(
        self, tx: AsyncConnection, caller: Caller, row: ResultRow[Any], test_id: UUID, findings: Findings
    ) -> None:
        store = ConnectionStore(tx, row.team_id)
        await store.get(row.id)
        if findings.passed or findings.failed is not None:
            await store.note_health(row.id, findings.health_code, key_number=row.key_number)
        await store.note_certificate(row.id, findings.server_certificate, key_number=row.key_number)
        if findings.passed:
            await store.remember(row.id, row.key_number, findings.quirks.to_json())
            if "v1_added" in findings.notes and findings.endpoint is not None:
                reach = Reach(findings.endpoint, self._open(row).key, findings.trust)
                await store.correct_address(row.id, row.key_number, self._credentials.seal(row.team_id, row.id, reach))
        await TestResults(tx, row.team_id).keep(
            test_id,
            findings,
            connection_id=row.id,
            fingerprint=self._fingerprint_of(row.team_id, findings, None),
            sealed_base_url=None,
            made_by=caller.person.user_id,
        )
        await record(tx, row.team_id, caller.actor, _act_of_test(str(row.id), row.name, findings))

    async def _swap(
        self,
        tx: AsyncConnection,
        caller: Caller,
        row: ResultRow[Any],
        test_id: UUID,
        entered: Entered,
        findings: Findings,
    ) -> None:
        """Write the new address and key, or only the failed test; the old ones keep working until then."""
        await require_access(tx, row.team_id)
        swaps = findings.passed and findings.endpoint is not None
        if swaps and findings.endpoint is not None:
            store = ConnectionStore(tx, row.team_id)
            await store.replace_endpoint(
                row.id,
                replaces=row.key_number,
                quirks=findings.quirks,
                by=caller.person.user_id,
                sealed=self._credentials.seal(
                    row.team_id, row.id, Reach(findings.endpoint, entered.key, findings.trust)
                ),
            )
            if findings.models_offered:
                await store.merge_models(row.id, findings.models)
            await store.note_health(row.id, findings.health_code)
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
            fingerprint=self._fingerprint_of(row.team_id, findings, entered.key),
            sealed_base_url=None,
            made_by=caller.person.user_id,
        )
        await record(tx, row.team_id, caller.actor, act)

    def _fingerprint_of(self, team_id: UUID, findings: Findings, key: Secret | None) -> bytes:
        url = findings.endpoint.url if findings.endpoint is not None else ""
        return self._credentials.fingerprint(team_id, url, key, findings.trust, "stored")


class LedgerWatch:
    """Announces and settles the one completion of a test; each in a transaction of its own."""

    def __init__(self, database: Database, ledger: Ledger, caller: Caller, row: ResultRow[Any]) -> None:
        self._database = database
        self._ledger = ledger
        self._caller = caller
        self._row = row
        self._call_id = new_id()

    async def begins(self, model_id: str, tokens_in_estimate: int) -> None:
        """Reserve."""
        call = Call(
            call_id=self._call_id,
            team_id=self._row.team_id,
            user_id=self._caller.person.user_id,
            kind="byom",
            purpose="test",
            connection_id=self._row.id,
            provider=self._row.provider,
            model_id=model_id,
            tokens_in_estimate=tokens_in_estimate,
        )
        async with self._database.write() as tx:
            await self._ledger.announce(tx, call)

    async def ends(self, count: Count, ended: Ended, ttft_ms: float | None, duration_ms: float) -> None:
        """Settle."""
        async with self._database.write() as tx:
            await self._ledger.settle(tx, self._call_id, Outcome(count, ended, ttft_ms, duration_ms))


def locate(rules: AddressRules, entered: Entered) -> Located:
    """Read what was typed: where it leads, what it wants, whom to believe there. Raises AddressRefused."""
    pasted = read_pasted_url(entered.base_url or "")
    endpoint = rules.read(pasted.base_url)
    quirks = with_auth(pasted.quirks, entered.auth_style)
    return Located(endpoint, entered.key, quirks, pasted.notes, pasted.model_hint, entered.trust or Trust())


def with_auth(quirks: Quirks, auth_style: str) -> Quirks:
    """Apply a chosen style of sending the key; "auto" keeps what the address suggests."""
    if auth_style not in {"bearer", "api_key"}:
        return quirks
    return replace(quirks, auth=cast("Literal['bearer', 'api_key']", auth_style))


def _act_of_test(object_id: str, name: str, findings: Findings) -> Act:
    failed = findings.failed
    details: dict[str, str | int | bool | None] = {"passed": findings.passed, "models": len(findings.models)}
    if failed is not None:
        details |= {"stage": failed.stage, "code": failed.code}
    outcome: ActOutcome = "done" if failed is None else "refused" if findings.refused else "failed"
    return Act("connection.tested", "connection", object_id, name, outcome, details)
