"""Everything a team can write with, from stored state only: opening the picker never calls an endpoint (P22).

What can't be used now stays listed with the reason; nothing is swapped for something else in silence (P20).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import require_access
from moorage.connections.catalogue import Catalogue, StandardModel, StandardProvider
from moorage.connections.chosen import ChosenModel, OwnOpening, ScriptedOpening, StandardOpening
from moorage.connections.tables import ConnectionModelRow, ConnectionRow
from moorage.errors import AccessRefused, Conflict, Invalid, NotFound

DEMO_REF: Final = "scripted:demo"
DEMO_MODEL_ID: Final = "demo"
DEMO_NAME: Final = "Demo (scripted, no model)"


@dataclass(frozen=True, slots=True)
class PickerLine:
    """One line of the picker. `problem_code` says why it can't be used now; None = it can."""

    ref: str
    name: str
    model_id: str
    origin: str
    connection_name: str
    context_length: int | None
    inputs: Sequence[str]
    data_location: str
    billed_by: Literal["team", "plan", "nobody"]
    health: str
    problem_code: str | None


class Picker:
    """Lists and chooses. The catalogue and the demo are the deployment's; own models are the team's."""

    def __init__(self, catalogue: Catalogue, *, demo: bool) -> None:
        self._catalogue = catalogue
        self._demo = demo

    def provider_names(self) -> dict[str, str]:
        """Give the names of the standard providers by id."""
        return {provider.id: provider.name for provider in self._catalogue.providers.values()}

    async def refusal(self, tx: AsyncConnection, team_id: UUID) -> str | None:
        """Give the gate's refusal code for this team, None when it may write."""
        try:
            await require_access(tx, team_id)
        except AccessRefused as refused:
            return refused.code
        return None

    async def lines(self, tx: AsyncConnection, team_id: UUID) -> list[PickerLine]:
        """Give the team's own models by connection, then the standard ones, then the demo."""
        refusal = await self.refusal(tx, team_id)
        rows = await tx.execute(
            _select_models()
            .where(
                ConnectionModelRow.team_id == team_id,
                ConnectionModelRow.enabled,
                ConnectionRow.deleted_at.is_(None),
            )
            .order_by(func.lower(ConnectionRow.name), ConnectionModelRow.created_at, ConnectionModelRow.model_id)
        )
        own = [_own_line(row, refusal) for row in rows]
        standard = [
            _standard_line(provider, model, refusal)
            for provider in self._catalogue.providers.values()
            for model in provider.models
        ]
        return own + standard + ([_demo_line(refusal)] if self._demo else [])

    async def choose(self, tx: AsyncConnection, team_id: UUID, ref: str) -> ChosenModel:
        """Admit one model for a reply; the gate comes first.

        Raises AccessRefused; NotFound("model_gone"); Conflict("model_off"|"connection_paused"|"connection_deleted");
        Invalid("model_unknown", field="model_ref").
        """
        await require_access(tx, team_id)
        kind, _, name = ref.partition(":")
        if kind == "byom":
            return await self._choose_own(tx, team_id, ref, name)
        if kind == "standard":
            return self._choose_standard(ref, name)
        if ref == DEMO_REF:
            return self._choose_demo()
        raise _unknown()

    async def _choose_own(self, tx: AsyncConnection, team_id: UUID, ref: str, name: str) -> ChosenModel:
        try:
            model_row_id = UUID(name)
        except ValueError:
            raise _unknown() from None
        found = await tx.execute(_CHOOSE, {"chosen_id": model_row_id, "of_team_id": team_id})
        row = found.first()
        if row is None:
            # Another team's model and one that never was give the same answer.
            raise _unknown()
        if row.deleted_at is not None:
            raise Conflict("connection_deleted", connection=row.connection_name)
        if not row.connection_enabled:
            raise Conflict("connection_paused", connection=row.connection_name)
        if row.vanished_at is not None:
            raise NotFound("model_gone", model=row.name)
        if not row.enabled:
            raise Conflict("model_off", model=row.name)
        return ChosenModel(
            ref=ref,
            kind="byom",
            provider=row.provider,
            model_id=row.model_id,
            model_name=row.name,
            connection_id=row.connection_id,
            connection_name=row.connection_name,
            origin=row.zone,
            context_length=row.context_length,
            opening=OwnOpening(
                team_id=team_id,
                connection_id=row.connection_id,
                key_number=row.key_number,
                sealed_base_url=row.sealed_base_url,
                sealed_key=row.sealed_key,
                sealed_trust=row.sealed_trust,
                quirks=row.quirks,
            ),
        )

    def _choose_standard(self, ref: str, name: str) -> ChosenModel:
        provider_id, _, model_id = name.partition("/")
        if not provider_id or not model_id:
            raise _unknown()
        provider = self._catalogue.providers.get(provider_id)
        model = None if provider is None else provider.find(model_id)
        if provider is None or model is None:
            raise NotFound("model_gone", model=model_id[:120])
        return ChosenModel(
            ref=ref,
            kind="standard",
            provider=provider.id,
            model_id=model.id,
            model_name=model.name,
            connection_id=None,
            connection_name=provider.name,
            origin="included",
            context_length=model.context_length,
            opening=StandardOpening(provider.id),
        )

    def _choose_demo(self) -> ChosenModel:
        if not self._demo:
            raise NotFound("model_gone", model=DEMO_NAME)
        return ChosenModel(
            ref=DEMO_REF,
            kind="scripted",
            provider="scripted",
            model_id=DEMO_MODEL_ID,
            model_name=DEMO_NAME,
            connection_id=None,
            connection_name="",
            origin="scripted",
            context_length=None,
            opening=ScriptedOpening(),
        )


def _select_models(*more: Any) -> Any:
    model, connection = ConnectionModelRow.__table__.c, ConnectionRow.__table__.c
    return select(
        model.id,
        model.model_id,
        model.name,
        model.enabled,
        model.context_length,
        model.inputs,
        model.vanished_at,
        connection.id.label("connection_id"),
        connection.name.label("connection_name"),
        connection.provider,
        connection.zone,
        connection.data_location,
        connection.enabled.label("connection_enabled"),
        connection.health,
        connection.deleted_at,
        *more,
    ).join_from(
        ConnectionModelRow,
        ConnectionRow,
        (ConnectionRow.id == ConnectionModelRow.connection_id) & (ConnectionRow.team_id == ConnectionModelRow.team_id),
    )


# On the path of every message: building a statement costs more than executing it.
_CHOOSE: Final = _select_models(
    ConnectionRow.key_number,
    ConnectionRow.quirks,
    ConnectionRow.sealed_base_url,
    ConnectionRow.sealed_key,
    ConnectionRow.sealed_trust,
).where(ConnectionModelRow.id == bindparam("chosen_id"), ConnectionModelRow.team_id == bindparam("of_team_id"))


def _own_line(row: ResultRow[Any], refusal: str | None) -> PickerLine:
    problem = refusal
    if problem is None and not row.connection_enabled:
        problem = "connection_paused"
    if problem is None and row.vanished_at is not None:
        problem = "model_gone"
    return PickerLine(
        ref=f"byom:{row.id}",
        name=row.name,
        model_id=row.model_id,
        origin=row.zone,
        connection_name=row.connection_name,
        context_length=row.context_length,
        inputs=row.inputs,
        data_location=row.data_location,
        billed_by="team",
        health=row.health,
        problem_code=problem,
    )


def _standard_line(provider: StandardProvider, model: StandardModel, refusal: str | None) -> PickerLine:
    return PickerLine(
        ref=f"standard:{provider.id}/{model.id}",
        name=model.name,
        model_id=model.id,
        origin="included",
        connection_name=provider.name,
        context_length=model.context_length,
        inputs=model.inputs,
        data_location=provider.data_location,
        billed_by="plan",
        health="unproven",
        problem_code=refusal,
    )


def _demo_line(refusal: str | None) -> PickerLine:
    return PickerLine(
        ref=DEMO_REF,
        name=DEMO_NAME,
        model_id=DEMO_MODEL_ID,
        origin="scripted",
        connection_name="",
        context_length=None,
        inputs=("text",),
        data_location="",
        billed_by="nobody",
        health="healthy",
        problem_code=refusal,
    )


def _unknown() -> Invalid:
    return Invalid("model_unknown", field="model_ref")
