"""How often something may happen: the sliding window of every limit, and the one for failed sign-ins; per process."""

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from moorage.errors import TooMany

WINDOW_S: Final = 15 * 60.0
HOUR_S: Final = 60 * 60.0
PER_MAIL: Final = 10  # from one network: somebody elsewhere must not lock a person out by guessing wrong
PER_MAIL_ANYWHERE: Final = 200
PER_CLIENT: Final = 100  # a whole office may share one address
_MAX_KEYS: Final = 20_000

Clock = Callable[[], float]


class SlidingWindow:
    """Counts what happened per key in the last `window_s` seconds. Bounded: the key longest unused is forgotten."""

    def __init__(self, clock: Clock, *, limit: int, window_s: float = WINDOW_S) -> None:
        self._clock = clock
        self._limit = limit
        self._window_s = window_s
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, key: str, acts: int = 1) -> float:
        """Give the seconds until so many more are admitted; 0 if they are admitted now. `acts` within the limit."""
        times = self._times.get(key)
        now = self._clock()
        while times and times[0] <= now - self._window_s:
            times.popleft()
        too_many = (len(times) if times else 0) + acts - self._limit
        if not times or too_many <= 0:
            return 0.0
        return times[too_many - 1] + self._window_s - now

    def count(self, key: str) -> None:
        """Count one now."""
        self._times.setdefault(key, deque(maxlen=self._limit)).append(self._clock())
        self._times.move_to_end(key)
        while len(self._times) > _MAX_KEYS:
            self._times.popitem(last=False)

    def take_back(self, key: str) -> None:
        """Undo the last count."""
        if times := self._times.get(key):
            times.pop()

    def forget(self, key: str) -> None:
        """Begin anew for this key."""
        self._times.pop(key, None)


class SignInLimit:
    """Admits tries to sign in. A try counts from its start, so that a hundred at once don't all slip through."""

    def __init__(
        self,
        clock: Clock,
        *,
        per_mail: int = PER_MAIL,
        per_mail_anywhere: int = PER_MAIL_ANYWHERE,
        per_client: int = PER_CLIENT,
    ) -> None:
        self._by_mail = SlidingWindow(clock, limit=per_mail)
        self._by_mail_anywhere = SlidingWindow(clock, limit=per_mail_anywhere)
        self._by_client = SlidingWindow(clock, limit=per_client)

    def admit(self, email: str, client: str) -> None:
        """Count a try. Raises TooMany("sign_in_limited", retry_after_s=…) when there were too many."""
        network = network_of(client)
        here = f"{email} {network}"
        waits_s = (
            self._by_mail.wait_s(here),
            self._by_mail_anywhere.wait_s(email),
            self._by_client.wait_s(network),
        )
        if max(waits_s) > 0:
            raise TooMany("sign_in_limited", retry_after_s=int(max(waits_s)) + 1)
        self._by_mail.count(here)
        self._by_mail_anywhere.count(email)
        self._by_client.count(network)

    def succeeded(self, email: str, client: str) -> None:
        """Only failures count: a good sign-in clears the address here and takes its own try back elsewhere."""
        network = network_of(client)
        self._by_mail.forget(f"{email} {network}")
        self._by_mail_anywhere.take_back(email)
        self._by_client.take_back(network)


class ResetLimit:
    """Admits requests for a new password: three an hour per address, twenty per network, known or not."""

    def __init__(self, clock: Clock, *, per_mail: int = 3, per_client: int = 20) -> None:
        self._by_mail = SlidingWindow(clock, limit=per_mail, window_s=HOUR_S)
        self._by_client = SlidingWindow(clock, limit=per_client, window_s=HOUR_S)

    def admit(self, email: str, client: str) -> None:
        """Count a request. Raises TooMany("reset_limited", retry_after_s=…) when there were too many."""
        network = network_of(client)
        wait_s = max(self._by_mail.wait_s(email), self._by_client.wait_s(network))
        if wait_s > 0:
            raise TooMany("reset_limited", retry_after_s=int(wait_s) + 1)
        self._by_mail.count(email)
        self._by_client.count(network)


class MailLimit:
    """Admits invitations by mail: thirty an hour per team, so that nobody makes a spammer of the deployment."""

    def __init__(self, clock: Clock, *, per_team: int = 30) -> None:
        self._by_team = SlidingWindow(clock, limit=per_team, window_s=HOUR_S)

    def admit(self, team: str) -> None:
        """Count a mail. Raises TooMany("mail_limited", retry_after_s=…) when there were too many."""
        wait_s = self._by_team.wait_s(team)
        if wait_s > 0:
            raise TooMany("mail_limited", retry_after_s=int(wait_s) + 1)
        self._by_team.count(team)


def network_of(client: str) -> str:
    """Give what clients are counted by. Whoever has one IPv6 address has a whole /64 of them."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
