"""What people do with connections, one method per act: each asks for permission, writes once, and leaves its entry.

Whatever could send something asks the gate (P14). A refused team may still look, pause and delete: nothing of its own
is held back from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import require_access
from moorage.audit.trail import Act, record
from moorage.connections.acting import Caller, may_vouch, refusals_recorded, require_connector
from moorage.connections.credentials import AddressRules, Credentials, Reach, TeamCredentials
from moorage.connections.discovery import Discovery
from moorage.connections.places import Entered, fingerprint_of, read_address, with_auth
from moorage.connections.profiles import ProfileStore
from moorage.connections.results import DraftResult, TestResults
from moorage.connections.spelling import read_model_id, read_name, read_remark
from moorage.connections.stages import DEADLINE_S
from moorage.connections.store import ConnectionStore, Merged, NewConnection, Wanted
from moorage.connections.testing import TestEvents, Testing
from moorage.connections.uses import KeyUses, UseCounter, read_uses
from moorage.connections.views import ConnectionFacts, ConnectionViews
from moorage.egress.door import Door, Trust
from moorage.errors import AccessRefused, Invalid
from moorage.reports.desk import Reports
from moorage.storage.database import Database
from moorage.storage.types import db_now, new_id
from moorage.usage.ledger import Ledger
from moorage.vault.keys import Vault

_PLAIN_FIELDS: Final = frozenset({"name", "zone", "data_location", "maintainer_id", "key_expires_on"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A connection as somebody wants it saved."""

    name: str
    provider: str
    entered: Entered
    zone: str
    data_location: str
    maintainer_id: UUID | None
    key_expires_on: str | None
    models: Sequence[Wanted]
    test_id: UUID | None


@dataclass(frozen=True, slots=True)
class Listing:
    """All connections of a team; `refusal` is the gate's code, None while they can be used."""

    connections: Sequence[ConnectionFacts]
    refusal: str | None


class Connections:
    """The use cases of the room. One per process; close it with `aclose` before the door."""

    def __init__(
        self,
        *,
        database: Database,
        door: Door,
        vault: Vault,
        ledger: Ledger,
        rules: AddressRules,
        uses: UseCounter | None = None,
        test_deadline_s: float = DEADLINE_S,
        reports: Reports | None = None,
    ) -> None:
        self._database = database
        self._door = door
        self._rules = rules
        self._credentials = Credentials(vault, rules)
        uses = uses or UseCounter()
        self._testing = Testing(
            database=database,
            door=door,
            credentials=self._credentials,
            rules=rules,
            ledger=ledger,
            uses=uses,
            deadline_s=test_deadline_s,
            reports=reports,
        )
        self._discovery = Discovery(
            database=database,
            door=door,
            credentials=self._credentials,
            ledger=ledger,
            uses=uses,
            pace=self._testing.pace,
            reports=reports,
        )

    async def aclose(self) -> None:
        """End the tests under way."""
        await self._testing.aclose()

    async def list(self, caller: Caller) -> Listing:
        """Give all connections, from stored state only (P22)."""
        require_connector(caller)
        async with self._database.read() as tx:
            facts = await ConnectionViews(tx, caller.person.team_id, caller.untold).list()
            try:
                await require_access(tx, caller.person.team_id)
            except AccessRefused as refused:
                return Listing(facts, refused.code)
        return Listing(facts, None)

    async def get(self, caller: Caller, connection_id: UUID) -> ConnectionFacts:
        """Give one connection. Raises NotFound("connection_gone")."""
        require_connector(caller)
        async with self._database.read() as tx:
            return await ConnectionViews(tx, caller.person.team_id, caller.untold).get(connection_id)

    async def key_uses(self, caller: Caller, connection_id: UUID) -> KeyUses:
        """Give how often a connection's key was used of late. Raises NotFound("connection_gone")."""
        require_connector(caller)
        async with self._database.read() as tx:
            await ConnectionStore(tx, caller.person.team_id).get(connection_id)
            return await read_uses(tx, caller.person.team_id, str(connection_id))

    async def make(self, caller: Caller, draft: Draft) -> ConnectionFacts:
        """Save a new connection, with the findings of its test if it names one.

        Raises AddressRefused, TooMany("tests_limited"), Conflict("name_taken"|"too_many_connections"),
        Invalid("maintainer_unknown"|"date_invalid"|"test_unknown"|"test_other_endpoint"): then nothing is saved.
        """
        require_connector(caller)
        if draft.test_id is None:
            # Its address has not been judged yet: another way to ask the rules, at the same pace.
            self._testing.pace.take(caller.person.team_id)
        _check_date(draft.key_expires_on)
        name, wanted = read_name(draft.name), _read_wanted(draft.models)
        draft = replace(draft, name=name, data_location=read_remark(draft.data_location), models=wanted)
        connection_id, team_id = new_id(), caller.person.team_id
        keys = await self._keys_of(team_id, draft.test_id)
        async with refusals_recorded(self._database, caller, "", draft.name), self._database.write() as tx:
            await require_access(tx, team_id)
            tested = await self._find_test(tx, keys, team_id, draft)
            store = ConnectionStore(tx, team_id)
            await store.make(self._prepare(caller, keys, connection_id, draft, tested), caller.person.user_id)
            if tested is not None and draft.test_id is not None:
                await store.merge_models(connection_id, tested.models)
                await TestResults(tx, team_id).adopt(draft.test_id, connection_id)
            switched_on, _ = await store.set_models(connection_id, draft.models)
            if tested is not None and tested.probed is not None:
                profiles = ProfileStore(tx, team_id)
                await profiles.learn(connection_id, 1, tested.probed, tested.quirks.habits, afresh=True)
            details: dict[str, str | int | bool | None] = {
                "zone": draft.zone,
                "models_on": switched_on,
                "has_key": draft.entered.key is not None,
                "tested": tested is not None,
                **_tell_trust(draft.entered.trust),
            }
            await record(tx, team_id, caller.actor, _act("connection.created", connection_id, draft.name, details))
            return await ConnectionViews(tx, team_id, caller.untold).get(connection_id)

    async def change(self, caller: Caller, connection_id: UUID, wish: Mapping[str, Any]) -> ConnectionFacts:
        """Change what is not secret: name, zone, data_location, maintainer_id, key_expires_on, enabled.

        Pausing needs no open gate. Raises NotFound, Conflict("name_taken"), Invalid (maintainer_unknown, date_invalid).
        """
        require_connector(caller)
        team_id = caller.person.team_id
        _check_date(wish.get("key_expires_on"))
        async with refusals_recorded(self._database, caller, str(connection_id), ""), self._database.write() as tx:
            if wish != {"enabled": False}:
                await require_access(tx, team_id)
            store = ConnectionStore(tx, team_id)
            row = await store.get(connection_id)
            plain = {name: value for name, value in _read_plain(wish).items() if getattr(row, name) != value}
            if plain:
                restated = {"zone_since": db_now(), "is_vouched": may_vouch(caller)} if "zone" in plain else {}
                await store.change(connection_id, {**plain, **restated})
                details: dict[str, str | int | bool | None] = {"fields": ", ".join(sorted(plain))}
                act = _act("connection.changed", connection_id, plain.get("name", row.name), details)
                await record(tx, team_id, caller.actor, act)
            if "zone" in plain:
                told: dict[str, str | int | bool | None] = {"before": row.zone, "zone": plain["zone"]}
                act = _act("connection.zone_changed", connection_id, plain.get("name", row.name), told)
                await record(tx, team_id, caller.actor, act)
            enabled = wish.get("enabled")
            if enabled is not None and enabled != row.enabled:
                await store.change(connection_id, {"enabled": enabled})
                action = "connection.enabled" if enabled else "connection.disabled"
                await record(tx, team_id, caller.actor, _act(action, connection_id, plain.get("name", row.name)))
            facts = await ConnectionViews(tx, team_id, caller.untold).get(connection_id)
        if not facts.enabled:
            await self._door.hang_up(str(connection_id))
        return facts

    async def delete(self, caller: Caller, connection_id: UUID) -> None:
        """Delete a connection: its secrets are wiped, conversations keep naming its models. Raises NotFound."""
        require_connector(caller)
        async with self._database.write() as tx:
            store = ConnectionStore(tx, caller.person.team_id)
            row = await store.get(connection_id)
            await store.delete(connection_id)
            act = _act("connection.deleted", connection_id, row.name)
            await record(tx, caller.person.team_id, caller.actor, act)
        await self._door.hang_up(str(connection_id))

    async def set_models(self, caller: Caller, connection_id: UUID, wanted: Sequence[Wanted]) -> ConnectionFacts:
        """Set which models appear in the picker. Raises NotFound, AccessRefused, Conflict("too_many_models")."""
        require_connector(caller)
        team_id = caller.person.team_id
        async with refusals_recorded(self._database, caller, str(connection_id), ""), self._database.write() as tx:
            await require_access(tx, team_id)
            store = ConnectionStore(tx, team_id)
            row = await store.get(connection_id)
            switched_on, switched_off = await store.set_models(connection_id, _read_wanted(wanted))
            act = _act("models.changed", connection_id, row.name, {"on": switched_on, "off": switched_off})
            await record(tx, team_id, caller.actor, act)
            return await ConnectionViews(tx, team_id, caller.untold).get(connection_id)

    async def set_profile(
        self, caller: Caller, connection_id: UUID, model_row_id: UUID, wish: Mapping[str, Any]
    ) -> ConnectionFacts:
        """Set what people know better of a model than its endpoint says; None: as it is found.

        Raises NotFound("connection_gone"|"model_gone"), AccessRefused.
        """
        require_connector(caller)
        team_id = caller.person.team_id
        async with refusals_recorded(self._database, caller, str(connection_id), ""), self._database.write() as tx:
            await require_access(tx, team_id)
            row = await ConnectionStore(tx, team_id).get(connection_id)
            model = await ProfileStore(tx, team_id).override(connection_id, model_row_id, wish)
            details: dict[str, str | int | bool | None] = {"model": model.name, "fields": ", ".join(sorted(wish))}
            await record(tx, team_id, caller.actor, _act("model.profile_changed", connection_id, row.name, details))
            return await ConnectionViews(tx, team_id, caller.untold).get(connection_id)

    async def discover(self, caller: Caller, connection_id: UUID) -> tuple[ConnectionFacts, Merged]:
        """Ask the endpoint for its models again. Raises as `Discovery.run`."""
        merged = await self._discovery.run(caller, connection_id)
        return await self.get(caller, connection_id), merged

    async def test_draft(self, caller: Caller, entered: Entered, model_id: str | None) -> TestEvents:
        """Start a test of what was typed. Raises Invalid("field_empty") for no address at all where one is needed."""
        if not entered.base_url and entered.adapter not in self._rules.fixed:
            raise Invalid("field_empty", field="base_url")
        typed = None if model_id is None else read_model_id(model_id, "model_id")
        return await self._testing.test_draft(caller, entered, typed)

    async def test_stored(self, caller: Caller, connection_id: UUID) -> TestEvents:
        """Start a test of a stored connection."""
        return await self._testing.test_stored(caller, connection_id)

    async def replace_endpoint(self, caller: Caller, connection_id: UUID, entered: Entered) -> TestEvents:
        """Start a test of a new address and key; they are swapped in if it passes."""
        return await self._testing.replace_endpoint(caller, connection_id, entered)

    async def _keys_of(self, team_id: UUID, test_id: UUID | None) -> TeamCredentials:
        if test_id is None:
            return await self._credentials.of(team_id)
        async with self._database.read() as tx:
            sealed = await TestResults(tx, team_id).sealed_of(test_id)
        return await self._credentials.of(team_id, sealed)

    async def _find_test(
        self, tx: AsyncConnection, keys: TeamCredentials, team_id: UUID, draft: Draft
    ) -> DraftResult | None:
        if draft.test_id is None:
            return None
        return await TestResults(tx, team_id).find_draft(draft.test_id, fingerprint_of(keys, draft.entered))

    def _prepare(
        self, caller: Caller, keys: TeamCredentials, connection_id: UUID, draft: Draft, tested: DraftResult | None
    ) -> NewConnection:
        entered = draft.entered
        if tested is not None and tested.sealed_base_url is not None and draft.test_id is not None:
            endpoint = keys.open_tested(draft.test_id, tested.sealed_base_url)
            quirks = tested.quirks.without_habits()
        else:
            endpoint, pasted = read_address(self._rules, entered)
            quirks = with_auth(pasted.quirks, entered.auth_style)
        return NewConnection(
            id=connection_id,
            name=draft.name,
            provider=draft.provider,
            zone=draft.zone,
            data_location=draft.data_location,
            sealed=keys.seal(connection_id, draft.provider, Reach(endpoint, entered.key, entered.trust or Trust())),
            key_expires_on=draft.key_expires_on,
            quirks=quirks,
            maintainer_id=draft.maintainer_id,
            health="unproven" if tested is None else tested.health,
            health_code=None if tested is None else tested.health_code,
            health_facts={} if tested is None else tested.health_facts,
            server_certificate=None if tested is None else tested.server_certificate,
            is_vouched=may_vouch(caller),
        )


def _read_plain(wish: Mapping[str, Any]) -> dict[str, Any]:
    """Give the plain columns; an expiry date of "" means that there is none."""
    readers: dict[str, Callable[[Any], Any]] = {
        "name": read_name,
        "data_location": read_remark,
        "key_expires_on": lambda text: text or None,
    }
    return {name: readers.get(name, lambda same: same)(value) for name, value in wish.items() if name in _PLAIN_FIELDS}


def _read_wanted(models: Sequence[Wanted]) -> Sequence[Wanted]:
    return [Wanted(read_model_id(one.model_id, "models"), read_remark(one.name), one.enabled) for one in models]


def _tell_trust(trust: Trust | None) -> dict[str, bool]:
    if trust is None:
        return {}
    has = {"private_ca": trust.ca_pem, "client_certificate": trust.client_pem, "pinned": trust.pin}
    return {name: True for name, value in has.items() if value}


def _check_date(text: str | None) -> None:
    if not text:
        return
    try:
        date.fromisoformat(text)
    except ValueError:
        raise Invalid("date_invalid", field="key_expires_on") from None


def _act(
    action: str, connection_id: UUID, name: str, details: Mapping[str, str | int | bool | None] | None = None
) -> Act:
    return Act(action, "connection", str(connection_id), name, details=details or {})
