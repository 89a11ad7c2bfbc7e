"""At most so many acts per team in any minute, counted in this process."""

import time
from typing import Final
from uuid import UUID

from moorage.accounts.limits import Clock, SlidingWindow
from moorage.errors import TooMany

WINDOW_S: Final = 60.0


class Pace:
    """A limit by team. `clock` gives seconds and never goes back."""

    def __init__(self, limit: int, code: str, *, window_s: float = WINDOW_S, clock: Clock = time.monotonic) -> None:
        self._limit = limit
        self._code = code
        self._window = SlidingWindow(clock, limit=limit, window_s=window_s)

    def take(self, team_id: UUID) -> None:
        """Count one act. Raises TooMany(code, retry_after_s) when the window is full; that attempt doesn't count."""
        wait_s = self._window.wait_s(str(team_id))
        if wait_s > 0:
            raise TooMany(self._code, retry_after_s=max(1, int(wait_s) + 1), limit=self._limit)
        self._window.count(str(team_id))
