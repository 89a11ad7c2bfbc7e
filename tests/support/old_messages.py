"""A conversation as the server tells it, with more before it than anybody wants to write: for what pages make of it."""

import uuid
from typing import Any


def with_old_messages(view: dict[str, Any], count: int) -> dict[str, Any]:
    """Put `count` messages, copies of the first question and its answer in turn, before the conversation's first."""
    question, answer = view["messages"][0], view["messages"][1]
    old: list[dict[str, Any]] = []
    for number in range(count):
        like = (question, answer)[number % 2]
        # The same each time: pages tell messages apart by their ids.
        before = old[-1]["id"] if old else None
        old.append(
            {**like, "id": str(uuid.UUID(int=number + 1)), "parent_id": before, "text": f"{like['text']} {number}"}
        )
    first = {**question, "parent_id": old[-1]["id"] if old else None}
    return {**view, "messages": [*old, first, *view["messages"][1:]]}
