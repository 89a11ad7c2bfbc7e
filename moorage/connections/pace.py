"""At most so many acts per team in any minute, counted in this process."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final
from uuid import UUID

from moorage.errors import TooMany

WINDOW_S: Final = 60.0


class Pace:
    """A sliding window. `clock` gives seconds and never goes back."""

    def __init__(
        self, limit: int, code: str, *, window_s: float = WINDOW_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._code = code
        self._window_s = window_s
        self._clock = clock
        self._taken: dict[UUID, deque[float]] = {}

    def take(self, team_id: UUID) -> None:
        """Count one act. Raises TooMany(code, retry_after_s) when the window is full; that attempt doesn't count."""
        now_s = self._clock()
        self._forget(now_s)
        taken = self._taken.setdefault(team_id, deque())
        if len(taken) >= self._limit:
            raise TooMany(
                self._code, retry_after_s=max(1, int(taken[0] + self._window_s - now_s) + 1), limit=self._limit
            )
        taken.append(now_s)

    def _forget(self, now_s: float) -> None:
        for team_id in list(self._taken):
            taken = self._taken[team_id]
            while taken and taken[0] <= now_s - self._window_s:
                taken.popleft()
            if not taken:
                del self._taken[team_id]
