"""Finished tests in the database: kept with the connection, or for a day until a connection is saved with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.findings import STAGES, Findings, certificate_of, probed_of
from moorage.connections.health import Health, judge_health
from moorage.connections.profiles import facts_to_json, model_from_json
from moorage.connections.tables import ConnectionTestRow
from moorage.errors import Invalid, Param
from moorage.providers.protocol import DiscoveredModel, Quirks
from moorage.storage.types import db_now
from moorage.vault.tokens import same

DRAFTS_KEPT_HOURS: Final = 24
KEPT_PER_CONNECTION: Final = 20


@dataclass(frozen=True, slots=True)
class DraftResult:
    """What a test found that no connection has been saved with yet."""

    sealed_base_url: bytes | None
    quirks: Quirks
    models: Sequence[DiscoveredModel]
    health: Health
    health_code: str | None
    health_facts: Mapping[str, Param]
    server_certificate: dict[str, Param] | None
    probed: str | None


class TestResults:
    """One team's stored tests, inside the caller's transaction."""

    __test__ = False

    def __init__(self, tx: AsyncConnection, team_id: UUID) -> None:
        self._tx = tx
        self._team_id = team_id

    async def keep(
        self,
        test_id: UUID,
        findings: Findings,
        *,
        connection_id: UUID | None,
        fingerprint: bytes,
        sealed_base_url: bytes | None,
        made_by: UUID,
    ) -> None:
        """Store a finished test; old ones go."""
        await self._tx.execute(
            insert(ConnectionTestRow).values(
                id=test_id,
                team_id=self._team_id,
                connection_id=connection_id,
                fingerprint=fingerprint,
                passed=findings.passed,
                # The hash of the server's key is for whoever typed the address just now; it would lead back to it.
                stages=[findings.stages[stage].without("key_sha256").to_json() for stage in STAGES],
                models=[_model_to_json(model) for model in findings.models],
                quirks=findings.quirks.to_json(),
                sealed_base_url=sealed_base_url,
                made_by=made_by,
                at=db_now(),
            )
        )
        await self._prune(connection_id)

    async def sealed_of(self, test_id: UUID) -> bytes | None:
        """Give the sealed address of a draft's test, if there is such a test."""
        sealed: bytes | None = await self._tx.scalar(
            select(ConnectionTestRow.sealed_base_url).where(
                ConnectionTestRow.id == test_id, ConnectionTestRow.team_id == self._team_id
            )
        )
        return sealed

    async def find_draft(self, test_id: UUID, fingerprint: bytes) -> DraftResult:
        """Give the result of a test of the same address and key.

        Raises Invalid("test_unknown"|"test_other_endpoint", field="test_id").
        """
        found = await self._tx.execute(
            select(ConnectionTestRow.__table__).where(
                ConnectionTestRow.id == test_id,
                ConnectionTestRow.team_id == self._team_id,
                ConnectionTestRow.connection_id.is_(None),
            )
        )
        row = found.first()
        if row is None:
            raise Invalid("test_unknown", field="test_id")
        if not same(bytes(row.fingerprint), fingerprint):
            raise Invalid("test_other_endpoint", field="test_id")
        health, code, facts = _read_health(row.stages, passed=row.passed)
        seen = certificate_of(row.stages)
        return DraftResult(
            sealed_base_url=row.sealed_base_url,
            quirks=Quirks.from_json(row.quirks),
            models=[model_from_json(model) for model in row.models],
            health=health,
            health_code=code,
            health_facts=facts,
            probed=probed_of(row.stages) if row.passed else None,
            server_certificate=None if seen is None else {**seen, "seen_at": row.at.isoformat()},
        )

    async def adopt(self, test_id: UUID, connection_id: UUID) -> None:
        """Give a draft's test to the connection that was saved with it; its sealed address has served."""
        await self._tx.execute(
            update(ConnectionTestRow)
            .where(ConnectionTestRow.id == test_id, ConnectionTestRow.team_id == self._team_id)
            .values(connection_id=connection_id, sealed_base_url=None)
        )

    async def _prune(self, connection_id: UUID | None) -> None:
        own = ConnectionTestRow.team_id == self._team_id
        if connection_id is None:
            now = (await self._tx.execute(select(db_now()))).scalar_one()
            old = ConnectionTestRow.connection_id.is_(None) & (
                ConnectionTestRow.at < now - timedelta(hours=DRAFTS_KEPT_HOURS)
            )
        else:
            newest = await self._tx.execute(
                select(ConnectionTestRow.id)
                .where(own, ConnectionTestRow.connection_id == connection_id)
                .order_by(ConnectionTestRow.at.desc())
                .limit(KEPT_PER_CONNECTION)
            )
            old = (ConnectionTestRow.connection_id == connection_id) & ConnectionTestRow.id.not_in(
                newest.scalars().all()
            )
        await self._tx.execute(delete(ConnectionTestRow).where(own, old))


def _read_health(
    stages: Sequence[Mapping[str, Any]], *, passed: bool
) -> tuple[Health, str | None, Mapping[str, Param]]:
    failed = next((stage for stage in stages if stage["state"] == "failed"), None)
    if failed is not None:
        return judge_health(failed["code"]) or "unproven", failed["code"], failed["facts"]
    if not passed:
        return "unproven", None, {}
    completion = next(stage for stage in stages if stage["stage"] == "completion")
    return judge_health(completion["code"]) or "unproven", completion["code"], completion["facts"]


def _model_to_json(model: DiscoveredModel) -> dict[str, Any]:
    return {
        "id": model.id,
        "name": model.name,
        "context_length": model.context_length,
        "inputs": list(model.inputs),
        "facts": facts_to_json(model),
    }
