"""Which standard models a team's plan lets it use now: those that belong to it, while the month's budget lasts."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import Admission
from moorage.connections.catalogue import StandardModel, StandardProvider
from moorage.errors import AccessRefused
from moorage.plans.catalogue import MOST_TOKENS, plans_of
from moorage.usage.budgets import Budget


def require_included(
    tx: AsyncConnection, admission: Admission, provider: StandardProvider, model: StandardModel
) -> None:
    """Raise AccessRefused("model_not_in_plan") for a standard model that the team's plan does not include."""
    if not plans_of(tx).of(admission.plan).includes(provider.id, model.id):
        raise AccessRefused("model_not_in_plan", model=model.name)


def answer_tokens_of(tx: AsyncConnection, admission: Admission, model: StandardModel) -> int:
    """Give the most tokens that a standard model may answer this team with."""
    return min(plans_of(tx).of(admission.plan).answer_tokens, model.facts.max_output or MOST_TOKENS)


def standard_problem(
    budget: Budget, provider: StandardProvider, model: StandardModel, today: date, *, rule: str | None
) -> str | None:
    """Give why a standard model can't be used now; None: it can. `rule`: what a rule of the team says against it."""
    if model.is_retired(today):
        return "model_retired"
    if not budget.terms.includes(provider.id, model.id):
        return "model_not_in_plan"
    return rule or ("budget_spent" if budget.is_spent else None)
