"""From what the operator's desk knows to what the API shows."""

from collections.abc import Sequence
from datetime import date
from typing import cast

from moorage.api.errors import tell
from moorage.api.schemas.connections import SealZoneName
from moorage.api.schemas.operating import (
    BudgetMonth,
    CallsView,
    CuratedModel,
    HealthFinding,
    HealthView,
    OperatorProvider,
    OperatorTeam,
    OperatorTeamDetails,
    PlanChangeView,
    PlanView,
    ProviderTestView,
    StandardModelUse,
)
from moorage.api.schemas.usage import BudgetView, Tokens
from moorage.api.sentences import Language, sentence
from moorage.api.views import moment, plan_terms
from moorage.audit.reading import AuditEntry
from moorage.connections.catalogue import AbsentProvider, StandardModel
from moorage.connections.zones import UNSTATED
from moorage.operating.health import Health
from moorage.operating.providers import KeyFacts, KeyTest
from moorage.operating.teams import Month, TeamFacts
from moorage.plans.catalogue import LEAST_ANSWER_TOKENS, Terms
from moorage.usage.rollups import Figures
from moorage.usage.statistics import ModelUsage


def team_view(team: TeamFacts, language: Language) -> OperatorTeam:
    """Show a team."""
    month = team.month
    return OperatorTeam(
        id=team.id,
        name=team.name,
        created_at=moment(team.created_at),
        plan=team.plan,
        standing=team.standing,
        refusal=None if team.refusal is None else tell(team.refusal, {}, language),
        people=team.people,
        budget=BudgetView(
            limit=month.limit,
            used=month.used,
            resets_on=month.resets_on,
            is_spent=month.limit - month.used < LEAST_ANSWER_TOKENS,
        ),
        standard=_calls(team.standard),
        own=_calls(team.own),
    )


def details_view(
    team: OperatorTeam, months: list[BudgetMonth], models: Sequence[ModelUsage], changes: list[PlanChangeView]
) -> OperatorTeamDetails:
    """Show a team with all that is known of it."""
    uses = [
        StandardModelUse(
            provider=one.source_id,
            model_id=one.model_id,
            calls=one.calls,
            failed_calls=one.failed_calls,
            tokens=Tokens(
                tokens_in=one.tokens.tokens_in,
                tokens_out=one.tokens.tokens_out,
                reported_calls=one.tokens.reported_calls,
                estimated_calls=one.tokens.estimated_calls,
                missing_calls=one.tokens.missing_calls,
            ),
        )
        for one in models
    ]
    return OperatorTeamDetails(team=team, months=months, models=uses, changes=changes)


def month_view(month: Month) -> BudgetMonth:
    """Show the budget of a month."""
    return BudgetMonth(month=month.period_start.date().isoformat(), limit=month.limit, used=month.used)


def change_view(entry: AuditEntry) -> PlanChangeView:
    """Show a change of plan or standing. Whatever else an entry holds stays in the team's trail."""
    known = {name: entry.details.get(name) for name in ("plan_before", "plan", "standing_before", "standing")}
    reason = entry.details.get("reason")
    return PlanChangeView(
        at=moment(entry.at),
        actor=entry.actor_name,
        reason=None if reason is None else str(reason),
        **{name: str(value or "") for name, value in known.items()},
    )


def provider_views(
    found: Sequence[KeyFacts], absent: Sequence[AbsentProvider], today: date, language: Language
) -> list[OperatorProvider]:
    """Show the providers of the list: first those with a key."""
    return [
        *(_with_key(one, today, language) for one in found),
        *(
            OperatorProvider(
                provider=one.id,
                name=one.name,
                state="no_address" if one.has_key else "no_key",
                zone=None,
                data_location="",
                model_count=one.models,
                models=[],
                uses=0,
                last_at=None,
                last_test=None,
            )
            for one in absent
        ),
    ]


def plan_view(terms: Terms, teams: int) -> PlanView:
    """Show what a plan includes."""
    return PlanView(plan=terms.plan, teams=teams, **dict(plan_terms(terms)))


def health_view(health: Health, version: str, replies: int, language: Language) -> HealthView:
    """Show how the deployment is."""
    return HealthView(
        version=version,
        engine=health.engine,
        schema_revision=health.schema,
        teams=health.teams,
        people=health.people,
        sign_ins=health.sign_ins,
        calls_under_way=health.calls_under_way,
        replies=replies,
        findings=[
            HealthFinding(code=one.code, verdict=one.verdict, message=sentence(one.code, one.params, language))
            for one in health.findings
        ],
    )


def _calls(figures: Figures) -> CallsView:
    return CallsView(
        calls=figures.calls,
        failed_calls=figures.failed_calls,
        tokens=Tokens(
            tokens_in=figures.reported_in + figures.estimated_in,
            tokens_out=figures.reported_out + figures.estimated_out,
            reported_calls=figures.reported_calls,
            estimated_calls=figures.estimated_calls,
            missing_calls=figures.missing_calls,
        ),
    )


def _with_key(facts: KeyFacts, today: date, language: Language) -> OperatorProvider:
    provider = facts.provider
    return OperatorProvider(
        provider=provider.id,
        name=provider.name,
        state="ready",
        zone=None if provider.zone == UNSTATED else cast("SealZoneName", provider.zone),
        data_location=provider.data_location,
        model_count=len(provider.models),
        models=[_model(one, today) for one in provider.models],
        uses=facts.uses,
        last_at=None if facts.last_used_at is None else moment(facts.last_used_at),
        last_test=None if facts.test is None else _test(facts.test, language),
    )


def _model(model: StandardModel, today: date) -> CuratedModel:
    return CuratedModel(
        model_id=model.id,
        name=model.name,
        context_length=model.context_length,
        price_in=model.price_in,
        price_out=model.price_out,
        retires_on=None if model.retires_on is None else model.retires_on.isoformat(),
        is_retired=model.is_retired(today),
    )


def _test(test: KeyTest, language: Language) -> ProviderTestView:
    return ProviderTestView(
        tested_at=moment(test.tested_at),
        problem=None if test.problem_code is None else tell(test.problem_code, {}, language),
        offered=test.offered,
        missing=list(test.missing),
    )
