"""What a team has decided for its conversations: the seal that new ones begin with, and who makes their titles."""

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.acting import lock_and_require, require_now
from moorage.accounts.permissions import Permission
from moorage.accounts.principal import Principal
from moorage.audit.trail import Act, record
from moorage.chat.tables import ConversationRulesRow
from moorage.connections.zones import read_zones, write_zones

TitleMaker = Literal["model", "words"]

# Who made a title, as the conversation stores it: its first words; a person; a model; or a model was asked and the
# first words stayed.
WORDS: Final = "words"
PERSON: Final = "person"
MODEL: Final = "model"
ASKED: Final = "asked"


@dataclass(frozen=True, slots=True)
class ConversationRules:
    """A team's rules. `sealed_to` None: new conversations begin unsealed."""

    sealed_to: frozenset[str] | None = None
    titles: TitleMaker = "model"


async def read_rules(tx: AsyncConnection, team_id: UUID) -> ConversationRules:
    """Give the rules of a team; one that decided nothing has those that come with the product."""
    found = await tx.execute(
        select(ConversationRulesRow.sealed_to, ConversationRulesRow.titles).where(
            ConversationRulesRow.team_id == team_id
        )
    )
    row = found.one_or_none()
    if row is None:
        return ConversationRules()
    # What nobody has heard of asks no model.
    return ConversationRules(read_zones(row.sealed_to), MODEL if row.titles == MODEL else WORDS)


async def read_rules_as(tx: AsyncConnection, principal: Principal) -> ConversationRules:
    """Give them to who may set them. Raises NotAllowed("not_allowed")."""
    await require_now(tx, principal, Permission.RULE_CONVERSATIONS)
    return await read_rules(tx, principal.team_id)


async def set_rules(tx: AsyncConnection, principal: Principal, request_id: str, rules: ConversationRules) -> None:
    """Set them; conversations that are there stay as they are. Raises NotAllowed("not_allowed")."""
    await lock_and_require(tx, principal, Permission.RULE_CONVERSATIONS)
    team_id = principal.team_id
    before = await read_rules(tx, team_id)
    if before == rules:
        return
    await tx.execute(delete(ConversationRulesRow).where(ConversationRulesRow.team_id == team_id))
    values = {"team_id": team_id, "sealed_to": write_zones(rules.sealed_to), "titles": rules.titles}
    await tx.execute(insert(ConversationRulesRow).values(values))
    actor, of_team = principal.actor(request_id), ("team", str(team_id), principal.team_name)
    if before.sealed_to != rules.sealed_to:
        told = {"before": write_zones(before.sealed_to), "zones": write_zones(rules.sealed_to)}
        await record(tx, team_id, actor, Act("team.seal_changed", *of_team, details=told))
    if before.titles != rules.titles:
        act = Act("team.titles_changed", *of_team, details={"before": before.titles, "titles": rules.titles})
        await record(tx, team_id, actor, act)
