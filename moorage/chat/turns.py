"""Turns of one person: so many at once, the rest waits. Nothing is kept of who neither has one nor waits for one."""

import asyncio
from uuid import UUID
from weakref import WeakValueDictionary


class TurnsOfEach:
    """Gives `async with turns.of(person_id):` to at most `at_once` of each person."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._kept: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, person_id: UUID) -> asyncio.Semaphore:
        """Give what this person's work waits at; it lasts as long as somebody holds it."""
        kept = self._kept.get(person_id)
        if kept is None:
            kept = self._kept[person_id] = asyncio.Semaphore(self._at_once)
        return kept
