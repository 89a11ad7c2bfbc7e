"""History → what is sent to a model. Pure: roles and texts, nothing of a provider's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from moorage.providers.protocol import Turn


@dataclass(frozen=True, slots=True)
class HistoryMessage:
    """A stored message as far as the context needs it: no reasoning, no ids of a vendor."""

    id: UUID
    parent_id: UUID | None
    role: Literal["user", "assistant"]
    text: str


def branch_to(messages: Mapping[UUID, HistoryMessage], leaf_id: UUID | None) -> list[HistoryMessage]:
    """Give the messages from the root to `leaf_id`. A broken link ends the walk, it doesn't raise."""
    branch: list[HistoryMessage] = []
    seen: set[UUID] = set()
    at = leaf_id
    while at is not None and at in messages and at not in seen:
        seen.add(at)
        branch.append(messages[at])
        at = messages[at].parent_id
    branch.reverse()
    return branch


def turns_of(branch: Sequence[HistoryMessage]) -> list[Turn]:
    """Make the turns of a request: empty answers are dropped, neighbours of the same role are joined.

    Strict servers refuse two turns of one role in a row, and empty ones; both arise when a reply failed.
    """
    turns: list[Turn] = []
    for message in branch:
        if not message.text.strip():
            continue
        if turns and turns[-1].role == message.role:
            turns[-1] = Turn(message.role, f"{turns[-1].text}\n\n{message.text}")
        else:
            turns.append(Turn(message.role, message.text))
    return turns


def title_of(text: str, *, length: int = 60) -> str:
    """Make a title of the first words of a message, without the marks of a heading or list, cut at a word."""
    line = " ".join(text.split())
    line = line.lstrip("#>*-` ") or line
    if len(line) <= length:
        return line
    cut = line[: length - 1].rsplit(" ", 1)[0] if " " in line[: length - 1] else line[: length - 1]
    return cut.rstrip(",;:.") + "…"
