"""Statistics over HTTP: owners and admins see the team, members see themselves, and prices are not told to members."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.permissions import Permission, allows, require
from moorage.accounts.principal import Principal
from moorage.accounts.roster import members_of
from moorage.api.day_range import From, Range, To, read_range
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.usage import BudgetView, Kind, PeopleLog, PeopleUsageView, PersonUsageView, UsageView
from moorage.api.signed_in import SignedIn
from moorage.api.usage_views import LogTeller, tokens_view
from moorage.chat.blind import count_untold_calls, untold_calls
from moorage.connections.prices import read_prices
from moorage.connections.store import ConnectionStore
from moorage.usage.day_rows import Scope
from moorage.usage.people import read_people
from moorage.usage.statistics import Statistics, charged_for

MAX_PEOPLE: Final = 200


def scope_of(who: Principal) -> Scope:
    """Give whose calls somebody may see, without those that would tell who wrote what in a blind comparison."""
    sees_team = allows(who.role, Permission.SEE_TEAM_USAGE)
    return Scope(who.team_id, None if sees_team else who.user_id, untold_calls(who.team_id, who.user_id))


async def get_usage(parts: PartsDep, who: SignedIn, first: From = None, last: To = None) -> UsageView:
    """Usage of a range of days (UTC), by default the last 30; own and standard models apart."""
    days, scope = read_range(first, last), scope_of(who)
    async with parts.database.read() as tx:
        statistics = Statistics(tx, scope.team_id, scope.user_id, scope.without)
        byom = await statistics.report("byom", days.first, days.last)
        standard = await statistics.report("standard", days.first, days.last)
        undecided = await count_untold_calls(tx, who.team_id, who.user_id)
        budget = await _budget(parts, tx, who)
        tellers = await log_tellers(parts, tx, scope)
    return UsageView(
        from_day=days.first.isoformat(),
        to_day=days.last.isoformat(),
        whose="team" if scope.user_id is None else "own",
        undecided_calls=undecided,
        byom=tellers["byom"].tell(byom),
        standard=tellers["standard"].tell(standard),
        budget=budget,
    )


async def get_people(parts: PartsDep, who: SignedIn, first: From = None, last: To = None) -> PeopleUsageView:
    """Usage of a range of days (UTC) by person; own and standard models apart."""
    require(who, Permission.SEE_TEAM_USAGE)
    days = read_range(first, last)
    async with parts.database.read() as tx:
        members = await members_of(tx, who.team_id)
        byom = await _people(tx, "byom", scope_of(who), days, members)
        standard = await _people(tx, "standard", scope_of(who), days, members)
    return PeopleUsageView(from_day=days.first.isoformat(), to_day=days.last.isoformat(), byom=byom, standard=standard)


async def log_tellers(parts: Parts, tx: AsyncConnection, scope: Scope) -> Mapping[Kind, LogTeller]:
    """Give what tells each log: names, and prices for whoever sees the whole team."""
    connections = await ConnectionStore(tx, scope.team_id).names()
    prices = await read_prices(tx, scope.team_id) if scope.user_id is None else {}
    return {
        "byom": LogTeller("byom", {str(key): name for key, name in connections.items()}, prices),
        "standard": LogTeller("standard", parts.picker.provider_names(), prices),
    }


async def _budget(parts: Parts, tx: AsyncConnection, who: Principal) -> BudgetView:
    budget = await parts.ledger.budgets.read(tx, who.team_id)
    untold = await charged_for(tx, who.team_id, budget.period_start, untold_calls(who.team_id, who.user_id))
    return BudgetView(
        limit=budget.limit,
        used=budget.settled - untold,
        resets_on=budget.resets_on.isoformat(),
        is_spent=budget.is_spent,
    )


async def _people(
    tx: AsyncConnection, kind: Kind, scope: Scope, days: Range, members: Mapping[UUID, tuple[str, str]]
) -> PeopleLog:
    report = await read_people(tx, kind, scope, days.first, days.last, MAX_PEOPLE)
    people = []
    for one in report.people:
        name, email = members.get(one.user_id, ("", ""))
        people.append(
            PersonUsageView(
                user_id=one.user_id,
                name=name,
                email=email,
                calls=one.calls,
                failed_calls=one.failed_calls,
                tokens=tokens_view(one.tokens),
            )
        )
    return PeopleLog(kind=kind, people=people, left_out=report.left_out)
