"""What a reply keeps of the team's own name that was asked for, and what its right to the model is judged by.

Names are copied, so that the receipt outlives the alias.
"""

from typing import TypedDict
from uuid import UUID

from moorage.chat.facts import Decision
from moorage.connections.audience import Asker
from moorage.connections.chosen import ChosenModel
from moorage.connections.withdrawn import Use


class Named(TypedDict):
    """The columns of a reply."""

    alias_id: UUID | None
    alias_name: str | None
    target_ref: str | None


def alias_of(chosen: ChosenModel) -> Named:
    """Give what the reply's row and facts hold; nothing where the model was asked for by itself."""
    if chosen.alias is None:
        return {"alias_id": None, "alias_name": None, "target_ref": None}
    return {"alias_id": chosen.alias.id, "alias_name": chosen.alias.name, "target_ref": chosen.target_ref}


def use_of(decision: Decision) -> Use | None:
    """Give who uses which model by a reply that is being written."""
    if decision.chosen is None:
        return None
    return Asker(decision.team_id, decision.owner_id), decision.chosen.target_ref
