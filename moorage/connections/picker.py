"""Everything a team can write with, from stored state only: opening the picker never calls an endpoint (P22).

What can't be used now stays listed with the reason; nothing is swapped for something else in silence (P20).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import Admission, require_access
from moorage.connections.alias_store import AliasFacts, read_aliases
from moorage.connections.audience import EVERYONE, Asker
from moorage.connections.catalogue import Catalogue, StandardModel, StandardProvider
from moorage.connections.chosen import ChosenModel, OwnOpening, ScriptedOpening, StandardOpening
from moorage.connections.clearance import Clearance, clear
from moorage.connections.cleared import own_place, provider_place, read_clearing
from moorage.connections.condition import Condition, condition_of
from moorage.connections.included import answer_tokens_of, standard_problem
from moorage.connections.lookup import (
    ALIAS_PREFIX,
    DEMO_MODEL_ID,
    DEMO_NAME,
    DEMO_REF,
    LIST_OWN,
    Found,
    InCatalogue,
    ModelLookup,
)
from moorage.connections.profiles import quirks_of
from moorage.connections.rights import may_use, parameters_of, standard_rights
from moorage.connections.uses import UseCounter, UsePurpose, standard_credential
from moorage.connections.zones import STAYS_HERE, UNSTATED, Place, Seal
from moorage.errors import AccessRefused, ModelRefused, MoorageError
from moorage.providers.protocol import Quirks
from moorage.usage.budgets import Budget, Budgets


@dataclass(frozen=True, slots=True)
class PointsTo:
    """What a name of the team's own stands for, and since when."""

    ref: str
    name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PickerLine:
    """One line of the picker. `problem_code` says why it can't be used now; None = it can.

    With `alias` the name is one of the team's own; everything else is of the model that it stands for.
    `zone_since`: when the zone was stated anew; None: it is as it was at first. `data_policy`: which providers behind
    a router may have the words; None: no router stands in between. `budget`: of a standard model.
    """

    ref: str
    name: str
    model_id: str
    origin: str
    connection_name: str
    context_length: int | None
    inputs: Sequence[str]
    data_location: str
    billed_by: Literal["team", "plan", "nobody"]
    condition: Condition
    problem_code: str | None
    zone: str
    zone_since: datetime | None = None
    alias: PointsTo | None = None
    data_policy: str | None = None
    budget: Budget | None = None

    @property
    def health(self) -> str:
        """The word of its connection's state."""
        return self.condition.health


class Picker:
    """Lists and chooses. The catalogue and the demo are the deployment's; own models are the team's."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        demo: bool,
        uses: UseCounter | None = None,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
        budgets: Budgets | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._demo = demo
        self._uses = uses or UseCounter()
        self._today = today
        self._budgets = budgets or Budgets()
        self._lookup = ModelLookup(catalogue, demo=demo, today=today)

    def provider_names(self) -> dict[str, str]:
        """Give the names of the standard providers by id."""
        return {provider.id: provider.name for provider in self._catalogue.providers.values()}

    @property
    def providers(self) -> Sequence[StandardProvider]:
        """The standard providers that there is a key for."""
        return tuple(self._catalogue.providers.values())

    async def refusal(self, tx: AsyncConnection, team_id: UUID) -> str | None:
        """Give the gate's refusal code for this team, None when it may write."""
        try:
            await require_access(tx, team_id)
        except AccessRefused as refused:
            return refused.code
        return None

    async def lines(self, tx: AsyncConnection, asker: Asker) -> list[PickerLine]:
        """Give what this person may use: the team's names, own models by connection, standard ones, then the demo."""
        refusal = await self.refusal(tx, asker.team_id)
        rows = (await tx.execute(LIST_OWN, parameters_of(asker))).all()
        today, clearing = self._today(), await read_clearing(tx, asker.team_id)
        own = [
            _own_line(row, refusal, clearing.refusal(own_place(row.connection_id), row.zone, today))
            for row in rows
            if may_use(row)
        ]
        rights = await standard_rights(tx, asker)
        budget = await self._budgets.read(tx, asker.team_id)
        standard = [
            _standard_line(
                provider, model, budget, refusal or standard_problem(budget, provider, model, today, rule=rule)
            )
            for provider in self._catalogue.providers.values()
            for rule in [clearing.refusal(provider_place(provider.id), provider.zone, today)]
            for model in provider.models
            if rights.may_use(provider.id, model.id)
        ]
        demo = [_demo_line(refusal)] if self._demo and EVERYONE.admits(rights.role, named=False) else []
        listed = own + standard
        return await self._alias_lines(tx, asker, refusal, {line.ref: line for line in listed}) + listed + demo

    async def choose(
        self, tx: AsyncConnection, asker: Asker, ref: str, seal: Seal, purpose: UsePurpose = "reply"
    ) -> ChosenModel:
        """Admit one model for this person's words in a conversation, and count the use of its key.

        The gate comes first, then their right, the plan, the team's rule on undertakings, the seal of the conversation.
        Needs a write transaction. Raises AccessRefused, "model_not_in_plan" among it; ModelRefused("model_not_open");
        NotCleared; SealRefused; NotFound("model_gone"|"model_retired"|"alias_gone"); Conflict("model_off"|
        "connection_paused"|"connection_deleted"|"connection_needs_key"); Invalid("model_unknown", field="model_ref").
        """
        admission = await require_access(tx, asker.team_id)
        found = await self._lookup.find(tx, asker, ref, admission)
        call = _Call(admission, found, seal, purpose)
        if found.model is None:
            return self._admit_demo(call)
        if isinstance(found.model, InCatalogue):
            return await self._admit_standard(tx, call, found.model.provider, found.model.model)
        return await self._admit_own(tx, call, found.model)

    async def state(self, tx: AsyncConnection, asker: Asker, ref: str) -> MoorageError | None:
        """Give what `choose` would raise now; None when it would admit the model. Counts nothing."""
        try:
            admission = await require_access(tx, asker.team_id)
            await self._lookup.find(tx, asker, ref, admission)
        except MoorageError as error:
            return error
        return None

    async def _alias_lines(
        self, tx: AsyncConnection, asker: Asker, refusal: str | None, listed: dict[str, PickerLine]
    ) -> list[PickerLine]:
        lines = []
        for facts in await read_aliases(tx, asker.team_id):
            line = listed.get(facts.target_ref)
            if line is None:
                # It is off, gone, or not for this person.
                try:
                    await self._lookup.find_target(tx, asker, facts.target_ref)
                except ModelRefused:
                    continue
                except MoorageError as error:
                    line = _lost_line(facts, refusal or error.code)
            if line is not None:
                points_to = PointsTo(facts.target_ref, line.name, facts.since)
                lines.append(replace(line, ref=f"{ALIAS_PREFIX}{facts.id}", name=facts.name, alias=points_to))
        return lines

    async def _admit_own(self, tx: AsyncConnection, call: "_Call", row: ResultRow[Any]) -> ChosenModel:
        admission, found = call.admission, call.found
        place, names = Place(row.zone, row.zone_since), (row.name, row.connection_name)
        clearance = call.clear(place, names, own=row.connection_id)
        use = await self._uses.count(tx, admission.team_id, str(row.connection_id), call.purpose)
        return ChosenModel(
            admission=admission,
            clearance=clearance,
            ref=found.ref,
            target_ref=found.target_ref,
            kind="byom",
            provider=row.provider,
            model_id=row.model_id,
            model_name=row.name,
            connection_id=row.connection_id,
            connection_name=row.connection_name,
            origin=row.zone,
            zone=row.zone,
            data_location=row.data_location,
            context_length=row.overrides.get("context_length", row.context_length),
            opening=OwnOpening(
                team_id=admission.team_id,
                connection_id=row.connection_id,
                use=use,
                key_number=row.key_number,
                sealed_base_url=row.sealed_base_url,
                sealed_key=row.sealed_key,
                sealed_trust=row.sealed_trust,
                quirks=quirks_of(row),
                rests=bool(row.is_resting),
            ),
            alias=found.alias,
            inputs=tuple(row.overrides.get("inputs", row.inputs)),
        )

    async def _admit_standard(
        self, tx: AsyncConnection, call: "_Call", provider: StandardProvider, model: StandardModel
    ) -> ChosenModel:
        admission, found = call.admission, call.found
        clearance = call.clear(Place(provider.zone), (model.name, provider.name))
        use = await self._uses.count(tx, admission.team_id, standard_credential(provider.id), call.purpose)
        return ChosenModel(
            admission=admission,
            clearance=clearance,
            ref=found.ref,
            target_ref=found.target_ref,
            kind="standard",
            provider=provider.id,
            model_id=model.id,
            model_name=model.name,
            connection_id=None,
            connection_name=provider.name,
            origin="included",
            zone=provider.zone,
            data_location=provider.data_location,
            context_length=model.context_length,
            opening=StandardOpening(provider.id, use),
            alias=found.alias,
            inputs=tuple(model.inputs),
            answer_tokens=answer_tokens_of(tx, admission, model),
        )

    def _admit_demo(self, call: "_Call") -> ChosenModel:
        return ChosenModel(
            admission=call.admission,
            clearance=call.clear(Place(STAYS_HERE), (DEMO_NAME, "")),
            ref=DEMO_REF,
            target_ref=DEMO_REF,
            kind="scripted",
            provider="scripted",
            model_id=DEMO_MODEL_ID,
            model_name=DEMO_NAME,
            connection_id=None,
            connection_name="",
            origin="scripted",
            zone=STAYS_HERE,
            data_location="",
            context_length=None,
            opening=ScriptedOpening(),
        )


@dataclass(frozen=True, slots=True)
class _Call:
    """What is to be admitted, and for which words."""

    admission: Admission
    found: Found
    seal: Seal
    purpose: UsePurpose

    def clear(self, place: Place, names: tuple[str, str], own: UUID | None = None) -> Clearance:
        """Ask the seal. Raises SealRefused."""
        return clear(self.seal, place, team_id=self.admission.team_id, ref=self.found.ref, names=names, own=own)


def _own_line(row: ResultRow[Any], refusal: str | None, not_cleared: str | None) -> PickerLine:
    problem = refusal
    if problem is None and not row.connection_enabled:
        problem = "connection_paused"
    if problem is None and row.key_lost_at is not None:
        problem = "connection_needs_key"
    if problem is None and row.vanished_at is not None:
        problem = "model_gone"
    problem = problem or not_cleared
    return PickerLine(
        ref=f"byom:{row.id}",
        name=row.name,
        model_id=row.model_id,
        origin=row.zone,
        connection_name=row.connection_name,
        context_length=row.overrides.get("context_length", row.context_length),
        inputs=row.overrides.get("inputs", row.inputs),
        data_location=row.data_location,
        billed_by="team",
        condition=condition_of(row),
        problem_code=problem,
        zone=row.zone,
        zone_since=row.zone_since,
        data_policy=Quirks.from_json(row.overrides).data_policy if row.provider == "openrouter" else None,
    )


def _standard_line(provider: StandardProvider, model: StandardModel, budget: Budget, problem: str | None) -> PickerLine:
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
        condition=Condition("unproven"),
        problem_code=problem,
        zone=provider.zone,
        budget=budget,
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
        condition=Condition("healthy"),
        problem_code=refusal,
        zone=STAYS_HERE,
    )


def _lost_line(facts: AliasFacts, problem: str) -> PickerLine:
    return PickerLine(
        ref=facts.target_ref,
        name=facts.model_name,
        model_id="",
        origin=facts.origin,
        connection_name=facts.connection_name,
        context_length=None,
        inputs=(),
        data_location="",
        billed_by="plan" if facts.origin == "included" else "team",
        condition=Condition("unproven"),
        problem_code=problem,
        zone=UNSTATED,
    )
