"""How often one person, and one network of strangers, may ask for what is expensive or worth guessing; per process.

One row for each kind of act; a row of `routes.py` names it. docs/limits.md is compared with this table by a test.
Sign-ins (accounts/limits.py) and tests of endpoints (connections/pace.py) count by their own keys, in the same window.
"""

import time
from dataclasses import dataclass
from typing import Final

from moorage.accounts.limits import Clock, SlidingWindow, network_of
from moorage.errors import TooMany

MINUTE: Final = 60.0
HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Limit:
    """So many acts in `window_s`, for each person (None: not counted by person) and for each network of clients."""

    name: str
    per_person: int | None
    per_network: int
    window_s: float


SIGN_UP: Final = Limit("sign_up", None, 120, HOUR)
INVITATION_LOOK: Final = Limit("invitation_look", None, 200, 15 * MINUTE)
INVITE: Final = Limit("invite", 100, 400, HOUR)
# Wide enough that wrong ones meet the limits of `accounts` first: those name the person and say what to do. These hold
# what succeeds, too, for a whole office behind one address.
PASSWORD_PROOF: Final = Limit("password_proof", 20, 200, 15 * MINUTE)
RESET: Final = Limit("reset", None, 60, HOUR)
SECOND_FACTOR: Final = Limit("second_factor", 40, 400, 15 * MINUTE)
PASSKEY_QUESTION: Final = Limit("passkey_question", None, 400, 15 * MINUTE)
SIGN_IN_ELSEWHERE: Final = Limit("sign_in_elsewhere", None, 400, 15 * MINUTE)
PROVIDER_LOGOUT: Final = Limit("provider_logout", None, 2000, 15 * MINUTE)
# Somebody who asks four models at once may do so every second; a whole company may share one address.
MESSAGE: Final = Limit("message", 240, 10_000, MINUTE)
EXPORT: Final = Limit("export", 10, 40, 10 * MINUTE)
TRAIL_CHECK: Final = Limit("trail_check", 10, 40, 10 * MINUTE)
# As fast as somebody types, a question for each pause.
SEARCH: Final = Limit("search", 120, 2000, MINUTE)
CONVERSATION_EXPORT: Final = Limit("conversation_export", 60, 1000, 10 * MINUTE)
# Each starts a program that reads the file.
UPLOAD: Final = Limit("upload", 120, 2000, 10 * MINUTE)
# A page with many pictures asks for each; a draft asks at every pause.
ATTACHMENT_LOOK: Final = Limit("attachment_look", 600, 10_000, MINUTE)
PREVIEW: Final = Limit("preview", 240, 5000, MINUTE)
# Each asks a provider; a whole desk of operators may look after the keys.
KEY_TEST: Final = Limit("key_test", 20, 60, 10 * MINUTE)
# Whoever signs wrongly is a stranger; a billing system that catches up sends many at once.
BILLING_EVENT: Final = Limit("billing_event", None, 600, MINUTE)

LIMITS: Final = (
    SIGN_UP,
    INVITATION_LOOK,
    INVITE,
    PASSWORD_PROOF,
    RESET,
    SECOND_FACTOR,
    PASSKEY_QUESTION,
    SIGN_IN_ELSEWHERE,
    PROVIDER_LOGOUT,
    MESSAGE,
    EXPORT,
    TRAIL_CHECK,
    SEARCH,
    CONVERSATION_EXPORT,
    UPLOAD,
    ATTACHMENT_LOOK,
    PREVIEW,
    KEY_TEST,
    BILLING_EVENT,
)


class RateLimits:
    """The windows of one process. Bounded: each keeps the keys that were used last."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._by_person = {
            limit.name: SlidingWindow(clock, limit=limit.per_person, window_s=limit.window_s)
            for limit in LIMITS
            if limit.per_person is not None
        }
        self._by_network = {
            limit.name: SlidingWindow(clock, limit=limit.per_network, window_s=limit.window_s) for limit in LIMITS
        }

    def take(self, limit: Limit, *, person: str | None, client: str, acts: int = 1) -> None:
        """Count acts, whatever comes of them. Raises TooMany("too_often", retry_after_s); that try does not count."""
        windows = self._windows(limit, person, client)
        wait_s = max(window.wait_s(key, acts) for window, key in windows)
        if wait_s > 0:
            raise TooMany("too_often", retry_after_s=int(wait_s) + 1)
        for window, key in windows:
            for _ in range(acts):
                window.count(key)

    def give_back(self, limit: Limit, *, person: str | None, client: str) -> None:
        """Undo the last act: the request that it belonged to was refused."""
        for window, key in self._windows(limit, person, client):
            window.take_back(key)

    def _windows(self, limit: Limit, person: str | None, client: str) -> list[tuple[SlidingWindow, str]]:
        windows = [(self._by_network[limit.name], network_of(client))]
        if person is not None and limit.name in self._by_person:
            windows.append((self._by_person[limit.name], person))
        return windows
