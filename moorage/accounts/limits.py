"""How often somebody may fail to sign in: a sliding window per mail address and per client, in this process."""

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from moorage.errors import TooMany

WINDOW_S: Final = 15 * 60.0
PER_MAIL: Final = 10
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

    def wait_s(self, key: str) -> float:
        """Give the seconds until another one is admitted; 0 if one is admitted now."""
        times = self._times.get(key)
        now = self._clock()
        while times and times[0] <= now - self._window_s:
            times.popleft()
        if not times or len(times) < self._limit:
            return 0.0
        return times[0] + self._window_s - now

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

    def __init__(self, clock: Clock, *, per_mail: int = PER_MAIL, per_client: int = PER_CLIENT) -> None:
        self._by_mail = SlidingWindow(clock, limit=per_mail)
        self._by_client = SlidingWindow(clock, limit=per_client)

    def admit(self, email: str, client: str) -> None:
        """Count a try. Raises TooMany("sign_in_limited", retry_after_s=…) when there were too many."""
        network = _network(client)
        wait_s = max(self._by_mail.wait_s(email), self._by_client.wait_s(network))
        if wait_s > 0:
            raise TooMany("sign_in_limited", retry_after_s=int(wait_s) + 1)
        self._by_mail.count(email)
        self._by_client.count(network)

    def succeeded(self, email: str, client: str) -> None:
        """Only failures count: a good sign-in clears the address and takes its own try back from the client."""
        self._by_mail.forget(email)
        self._by_client.take_back(_network(client))


def _network(client: str) -> str:
    """Whoever has one IPv6 address has a whole /64 of them."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
