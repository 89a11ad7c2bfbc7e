"""What a new look at a model list changed about models that were there before and still are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row as ResultRow

from moorage.providers.protocol import DiscoveredModel


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A model whose window (in tokens; None: not told) or inputs are others now."""

    model_id: str
    context_before: int | None
    context_now: int | None
    inputs_before: Sequence[str]
    inputs_now: Sequence[str]


def changes_of(known: Mapping[str, ResultRow[Any]], found: Sequence[DiscoveredModel]) -> Sequence[ModelChange]:
    """Compare what was stored with what was found. What somebody had typed is told now, not changed."""
    changes = []
    for model in found:
        row = known.get(model.id)
        if row is None or row.typed or row.vanished_at is not None:
            continue
        if row.context_length != model.context_length or list(row.inputs) != list(model.inputs):
            change = ModelChange(model.id, row.context_length, model.context_length, row.inputs, model.inputs)
            changes.append(change)
    return changes
