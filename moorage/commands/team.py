"""`moorage team`: teams with plan, standing and figures of use, and the change of plan and standing with its reason."""

import asyncio
from typing import Annotated, Final
from uuid import UUID

import typer

from moorage.accounts.access import judge
from moorage.api.sentences import sentence
from moorage.audit.deployment import OPERATOR
from moorage.commands.signed import opened_to_record
from moorage.commands.terminal import opened, settings_or_fail
from moorage.operating import teams
from moorage.operating.changes import Changed, PlanWish, change_team
from moorage.settings import Settings
from moorage.usage.rollups import Figures

_BY_SET: Final = "set by the command"

team_command = typer.Typer(no_args_is_help=True, help="Teams: look, set plan and standing, erase.")

TeamId = Annotated[UUID, typer.Argument(help="Id as `team list` prints it")]
Reason = Annotated[str, typer.Option(help="Why; stands in the team's audit trail")]


@team_command.command("list")
def team_list(
    text: Annotated[str, typer.Option(help="Only those with this in their name, or at the beginning of their id")] = "",
) -> None:
    """List teams, newest first: plan, standing, whether their models are open, people, budget used this month."""
    asyncio.run(_list(settings_or_fail(), text))


@team_command.command("show")
def team_show(team_id: TeamId) -> None:
    """Show one team: budgets of the last months, what it used this month, changes of its plan and who made them."""
    asyncio.run(_show(settings_or_fail(), team_id))


@team_command.command("plan")
def team_plan(
    team_id: TeamId,
    plan: Annotated[str, typer.Argument(help="free, business_starter, business_pro, business_max, enterprise")],
    reason: Reason,
) -> None:
    """Set a team's plan; in force for its next request, and in its audit trail."""
    asyncio.run(_change(settings_or_fail(), team_id, PlanWish(plan, None, reason)))


@team_command.command("standing")
def team_standing(
    team_id: TeamId,
    standing: Annotated[str, typer.Argument(help="active, trialing, suspended, expired, cancelled")],
    reason: Reason,
) -> None:
    """Set a team's standing; in force for its next request, and in its audit trail."""
    asyncio.run(_change(settings_or_fail(), team_id, PlanWish(None, standing, reason)))


@team_command.command("set")
def team_set(
    team_id: TeamId,
    plan: Annotated[
        str | None, typer.Option(help="free, business_starter, business_pro, business_max, enterprise")
    ] = None,
    standing: Annotated[str | None, typer.Option(help="active, trialing, suspended, expired, cancelled")] = None,
    reason: Reason = _BY_SET,
) -> None:
    """Set plan and standing at once; in force for the team's next request, and in its audit trail."""
    asyncio.run(_change(settings_or_fail(), team_id, PlanWish(plan, standing, reason)))


async def _list(settings: Settings, text: str) -> None:
    before: UUID | None = None
    async with opened(settings) as database, database.read() as tx:
        while True:
            found, _ = await teams.list_teams(tx, teams.Wanted(text.strip(), before=before), teams.MAX_TEAMS)
            for team in found:
                typer.echo(_line(team))
            if len(found) < teams.MAX_TEAMS:
                return
            before = found[-1].id


async def _show(settings: Settings, team_id: UUID) -> None:
    async with opened(settings) as database, database.read() as tx:
        team = await teams.read_team(tx, team_id)
        months = await teams.read_months(tx, team_id)
        changes = await teams.read_changes(tx, team_id)
    typer.echo(_line(team))
    typer.echo(f"  this month   standard: {_tell(team.standard)}")
    typer.echo(f"               own: {_tell(team.own)}")
    for month in months:
        typer.echo(f"  {month.period_start:%Y-%m}      {month.used} of {month.limit} tokens")
    for entry in changes:
        was, now = ("/".join(str(entry.details.get(one, "?")) for one in pair) for pair in (_BEFORE, _AFTER))
        reason = entry.details.get("reason") or "no reason recorded"
        typer.echo(f"  {entry.at:%Y-%m-%d %H:%M}Z  {entry.actor_name}: {was} → {now}  ({reason})")


async def _change(settings: Settings, team_id: UUID, wish: PlanWish) -> None:
    async with opened_to_record(settings) as database:
        async with database.write() as tx:
            changed = await change_team(tx, team_id, wish, OPERATOR)
        typer.echo(_tell_change(changed))


_BEFORE: Final = ("plan_before", "standing_before")
_AFTER: Final = ("plan", "standing")


def _line(team: teams.TeamFacts) -> str:
    used = f"{team.month.used} of {team.month.limit} tokens"
    state = judge(team.plan, team.standing) or "open"
    return f"{team.id}  {team.name}  {team.plan}/{team.standing}  {state}  people: {team.people}  {used}"


def _tell(figures: Figures) -> str:
    counted = f"{figures.reported_calls} reported, {figures.estimated_calls} estimated, {figures.missing_calls} unknown"
    return f"{figures.calls} calls, {_tokens(figures)} tokens ({counted})"


def _tokens(figures: Figures) -> str:
    """Tell a sum as the pages do (P16): ~ where an estimate is in it, – where nobody counted."""
    if figures.missing_calls and not figures.reported_calls + figures.estimated_calls:
        return "–"
    tokens = figures.reported_in + figures.reported_out + figures.estimated_in + figures.estimated_out
    return f"{'~' if figures.estimated_calls else ''}{tokens}"


def _tell_change(changed: Changed) -> str:
    if not changed.is_news:
        return f"Nothing changed: it is {changed.plan}/{changed.standing} already."
    return "Models are open to this team." if changed.refusal is None else sentence(changed.refusal, {}, "en")
