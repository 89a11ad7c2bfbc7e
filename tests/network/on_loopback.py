"""The same product without namespaces: endpoints and victims share loopback, and the operator's exceptions open it.

Runs anywhere. What can't be had here are names of our own: the system's resolver asks whom the machine says.
"""

import contextlib
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.network.stationed import StationProcess, stationed
from tests.support.authority import TestAuthority
from tests.support.running import MODEL_KEY

MODELS_4, MODELS_6 = "127.0.0.1", "::1"
REDIRECTING, VICTIM, PROMISED = "127.0.0.5", "127.0.0.3", "127.0.0.9"
VICTIM_BEHIND_A_NAME = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Loopback:
    """Two stations: `station` holds endpoints and a victim on one port, `inner` a victim that has a name."""

    folder: Path
    station: StationProcess
    inner: StationProcess
    ca_pem: Path
    endpoints: Sequence[str]

    @property
    def port(self) -> int:
        """The port of the endpoints, and of the victim beside them."""
        return self.station.port

    @property
    def wrapper(self) -> Sequence[str]:
        """No command: the product runs as everything else."""
        return ()

    @property
    def station_inside(self) -> StationProcess:
        """The one that opens ways for browsers."""
        return self.station

    @property
    def settings(self) -> dict[str, str | Path | float]:
        """Exceptions for the endpoints; the inner victim's name is promised to be at another address than it is."""
        triples = [f"localhost:{self.port}={_network(host)}" for host in (MODELS_4, MODELS_6)]
        triples += [f"{_in_url(host)}:{self.port}={_network(host)}" for host in self.endpoints]
        triples.append(f"localhost:{self.inner.port}={_network(PROMISED)}")
        return {"EXTRA_CA_FILE": self.ca_pem, "EGRESS_ALLOW": ",".join(triples)}

    def url(self, host: str) -> str:
        """Give the base URL of a host on the endpoints' port."""
        return f"https://{_in_url(host)}:{self.port}/v1"

    def trespasses(self) -> list[str]:
        """Name every victim that was called."""
        called = {f"{VICTIM}:{self.port}": self.station.tell().accepted[VICTIM]}
        called[f"localhost:{self.inner.port}"] = sum(self.inner.tell().accepted.values())
        return [f"{where} accepted {count}" for where, count in called.items() if count]


@contextlib.contextmanager
def open_loopback(folder: Path) -> Iterator[Loopback]:
    """Start both stations."""
    authority = TestAuthority(folder / "ca")
    endpoints = [MODELS_4, *([MODELS_6] if has_ipv6() else []), REDIRECTING]
    pair = authority.write_pair(folder, "localhost", *endpoints, VICTIM)
    certificate = [str(file) for file in pair]
    posts = [{"host": host, "certificate": certificate, "key": MODEL_KEY} for host in endpoints]
    posts.append({"host": VICTIM, "certificate": certificate})
    with contextlib.ExitStack() as stack:
        inner_orders = {"posts": [{"host": VICTIM_BEHIND_A_NAME, "certificate": certificate}]}
        inner = stack.enter_context(stationed(folder / "inner", inner_orders))
        posts[endpoints.index(REDIRECTING)]["location"] = f"https://localhost:{inner.port}/v1/models"
        station = stack.enter_context(stationed(folder / "station", {"posts": posts}))
        yield Loopback(folder, station, inner, authority.ca_pem, endpoints)


def has_ipv6() -> bool:
    """Tell whether this machine has the loopback address of IPv6."""
    with socket.socket(socket.AF_INET6) as probe, contextlib.suppress(OSError):
        probe.bind((MODELS_6, 0))
        return True
    return False


def _network(host: str) -> str:
    return f"{host}/128" if ":" in host else f"{host}/32"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
