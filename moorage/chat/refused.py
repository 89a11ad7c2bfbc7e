"""What the trail says when nothing was sent: gate, plan, a rule of the team, seal or budget refused (P14, P15, P19).

Each time, as the limit on messages bounds how often. Looking at pickers and previews is no try and leaves nothing.
"""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.trail import Act, Actor, Detail, record
from moorage.errors import AccessRefused, BudgetSpent, ModelRefused, MoorageError, NotCleared, SealRefused
from moorage.storage.database import Database, GroupWriter
from moorage.usage.budgets import Budgets

Refusal = AccessRefused | ModelRefused | NotCleared | SealRefused
# Stands for a model that no list has any more.
_UNLISTED: Final = "–"


async def note_refusal(database: Database, team_id: UUID, actor: Actor, refusal: Refusal) -> None:
    """Record it in a transaction of its own: the one that would have acted is gone."""
    if _is_told(refusal):
        async with database.write() as tx:
            await record_refusal(tx, team_id, actor, refusal)


async def note_spent(writer: GroupWriter, budgets: Budgets, team_id: UUID, actor: Actor, refusal: BudgetSpent) -> None:
    """Record, the first time in a month, that the budget is not enough: after that it is no news.

    With the writes of others: whoever is refused is refused often, and by many at once.
    """

    async def tell(tx: AsyncConnection) -> None:
        if await budgets.is_news(tx, team_id):
            left, resets_on = refusal.params.get("left", 0), refusal.params.get("resets_on", "")
            details: dict[str, Detail] = {"left": int(left), "resets_on": str(resets_on)}
            await record(tx, team_id, actor, Act("budget.spent", "team", str(team_id), "", "refused", details))

    await writer.do(tell, str(team_id))


async def record_refusal(tx: AsyncConnection, team_id: UUID, actor: Actor, refusal: MoorageError) -> None:
    """Record it if gate, plan, rule or seal refused; of any other error the trail says nothing."""
    if isinstance(refusal, AccessRefused) and refusal.code == "model_not_in_plan":
        act = Act("plan.refused", "model", "", str(refusal.params.get("model", "")), "refused", {"code": refusal.code})
    elif isinstance(refusal, AccessRefused):
        act = Act("access.refused", "reply", "", "", outcome="refused", details={"code": refusal.code})
    elif isinstance(refusal, ModelRefused):
        told = {"code": refusal.code, "connection": refusal.connection}
        act = Act("model.refused", "model", refusal.ref, refusal.model or _UNLISTED, "refused", told)
    elif isinstance(refusal, SealRefused) and _is_told(refusal):
        details = {"code": refusal.code, "zone": refusal.zone, "connection": str(refusal.params.get("connection", ""))}
        act = Act("seal.refused", "conversation", str(refusal.conversation_id), "", "refused", details)
    elif isinstance(refusal, NotCleared):
        connection = str(refusal.params.get("connection", ""))
        act = Act("clearing.refused", "connection", "", connection, "refused", {"code": refusal.code})
    else:
        return
    await record(tx, team_id, actor, act)


def _is_told(refusal: MoorageError) -> bool:
    # That somebody is asked before words leave own hardware is a question, not a refusal.
    return refusal.code != "leaves_own_hardware"
