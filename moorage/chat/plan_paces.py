"""How often a person and a team may begin answers of standard models, as their plan says; counted in this process.

Own models are not counted: whoever runs them pays for them.
"""

import time
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from moorage.accounts.limits import Clock, SlidingWindow
from moorage.connections.chosen import ChosenModel
from moorage.errors import TooMany
from moorage.plans.catalogue import Plans

_WINDOW_S: Final = 60.0


class PlanPaces:
    """Counts per person and per team. `clock` gives seconds and never goes back."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        # One for each limit that a plan names: whoever changes plans begins to be counted anew.
        self._windows: dict[tuple[str, int], SlidingWindow] = {}

    def require(self, plans: Plans, user_id: UUID, chosen: Sequence[ChosenModel]) -> None:
        """Raise TooMany("plan_pace_person"|"plan_pace_team", retry_after_s, limit) unless all these may begin."""
        acts = sum(one.kind == "standard" for one in chosen)
        for code, key, limit in _counted(plans, user_id, chosen):
            if (wait_s := _wait_s(self._window(code, limit), key, acts, limit)) > 0:
                raise TooMany(code, retry_after_s=int(wait_s) + 1, limit=limit)

    def count(self, plans: Plans, user_id: UUID, chosen: Sequence[ChosenModel]) -> None:
        """Count answers that begin. What the budget or anything else refuses has not begun."""
        acts = sum(one.kind == "standard" for one in chosen)
        for code, key, limit in _counted(plans, user_id, chosen):
            for _ in range(acts):
                self._window(code, limit).count(key)

    def _window(self, code: str, limit: int) -> SlidingWindow:
        found = self._windows.get((code, limit))
        if found is None:
            found = self._windows[code, limit] = SlidingWindow(self._clock, limit=limit, window_s=_WINDOW_S)
        return found


def _counted(plans: Plans, user_id: UUID, chosen: Sequence[ChosenModel]) -> Sequence[tuple[str, str, int]]:
    """Give what is counted for these, by whom: the code that refuses more, the key, how many a minute may have."""
    admission = next((one.admission for one in chosen if one.kind == "standard"), None)
    if admission is None:
        return ()
    terms = plans.of(admission.plan)
    return (
        ("plan_pace_person", f"{admission.team_id}:{user_id}", terms.person_per_minute),
        ("plan_pace_team", str(admission.team_id), terms.team_per_minute),
    )


def _wait_s(window: SlidingWindow, key: str, acts: int, limit: int) -> float:
    # A comparison of more models than the limit would wait for ever: it may be the only thing that is begun.
    return window.wait_s(key, min(acts, limit))
