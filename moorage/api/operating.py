"""The operator's desk over HTTP: teams, their plans, the plan catalogue, standard providers, health.

`permits.py` lets only operators come here, with a second factor; whatever changes something is judged once more in the
transaction that does it.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request

from moorage.accounts.access import STANDINGS
from moorage.accounts.operators import require_operator_now
from moorage.accounts.principal import require_proof
from moorage.api.errors import language_of
from moorage.api.operating_views import (
    change_view,
    details_view,
    health_view,
    month_view,
    plan_view,
    provider_views,
    team_view,
)
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.operating import (
    HealthView,
    OperatorProviders,
    OperatorTeamDetails,
    OperatorTeams,
    OperatorTeamsQuery,
    PlanCatalogue,
    PlanChange,
    ProviderToTest,
)
from moorage.api.signed_in import SignedIn
from moorage.chat.blind import untold_calls
from moorage.operating import teams
from moorage.operating.changes import PlanWish, change_team
from moorage.operating.health import Process, look
from moorage.plans.catalogue import plans_of
from moorage.usage.statistics import Statistics


async def list_operator_teams(
    request: Request, parts: PartsDep, wish: Annotated[OperatorTeamsQuery, Query()]
) -> OperatorTeams:
    """Give teams with plan, standing and figures of this month."""
    wanted = teams.Wanted(wish.text, wish.plan, wish.standing, wish.before)
    async with parts.database.read() as tx:
        found, total = await teams.list_teams(tx, wanted, wish.limit)
    views = [team_view(one, language_of(request)) for one in found]
    return OperatorTeams(teams=views, total=total, next=views[-1].id if len(views) == wish.limit else None)


async def get_operator_team(request: Request, parts: PartsDep, who: SignedIn, team_id: UUID) -> OperatorTeamDetails:
    """Give one team in figures."""
    return await _details(request, parts, who.user_id, team_id)


async def change_operator_team(
    request: Request, parts: PartsDep, who: SignedIn, team_id: UUID, wish: PlanChange
) -> OperatorTeamDetails:
    """Set a team's plan, standing or both; in force for its next request."""
    require_proof(who)
    # Where an operator sits is none of the team's business: its trail names them, and no network.
    actor = replace(who.actor(request.state.request_id), client="")
    async with parts.database.write() as tx:
        await require_operator_now(tx, who)
        change = PlanWish(wish.plan, wish.standing, wish.reason)
        await change_team(tx, team_id, change, actor, parts.ledger.budgets)
    return await _details(request, parts, who.user_id, team_id)


async def list_standard_providers(request: Request, parts: PartsDep) -> OperatorProviders:
    """Give the curated list, and how each provider's key stands."""
    return await _providers(request, parts)


async def test_standard_provider(
    request: Request, parts: PartsDep, who: SignedIn, wish: ProviderToTest
) -> OperatorProviders:
    """Test a provider's key by one free request."""
    await parts.standard_keys.test(who, request.state.request_id, wish.provider)
    return await _providers(request, parts)


async def get_plan_catalogue(parts: PartsDep) -> PlanCatalogue:
    """Give what each plan includes, and how many teams are on it."""
    async with parts.database.read() as tx:
        counts = await teams.count_by_plan(tx)
        terms = plans_of(tx).all()
    return PlanCatalogue(plans=[plan_view(one, counts.get(one.plan, 0)) for one in terms], standings=list(STANDINGS))


async def get_deployment_health(request: Request, parts: PartsDep) -> HealthView:
    """Look how the deployment is."""
    process = Process(
        has_mail=parts.post is not None,
        has_https=parts.secure_cookies,
        exceptions=len(list(parts.exceptions.tell())),
        sign_up_open=parts.sign_up_open,
        keys=len(parts.picker.providers),
        has_key_store=parts.key_store is not None,
        has_billing=parts.billing.is_on,
    )
    return health_view(
        await look(parts.database, process), parts.version, parts.replies.running_count, language_of(request)
    )


async def _providers(request: Request, parts: Parts) -> OperatorProviders:
    async with parts.database.read() as tx:
        found = await parts.standard_keys.list(tx)
    return OperatorProviders(
        providers=provider_views(found, parts.standard_keys.absent, _today(), language_of(request)),
        made_on=parts.standard_keys.made_on,
    )


async def _details(request: Request, parts: Parts, user_id: UUID, team_id: UUID) -> OperatorTeamDetails:
    async with parts.database.read() as tx:
        team = await teams.read_team(tx, team_id)
        months = await teams.read_months(tx, team_id)
        changes = await teams.read_changes(tx, team_id)
        # An operator may be in the team, too: what a blind comparison of theirs hides stays hidden here.
        hidden: Any = untold_calls(team_id, user_id)
        first = team.month.period_start.date()
        used = await Statistics(tx, team_id, without=hidden).report("standard", first, max(first, _today()))
    return details_view(
        team_view(team, language_of(request)),
        [month_view(one) for one in months],
        used.rows,
        [change_view(one) for one in changes],
    )


def _today() -> date:
    return datetime.now(UTC).date()
