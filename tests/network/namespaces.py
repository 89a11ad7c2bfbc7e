"""Two network namespaces joined by one cable and by nothing else: no packet of theirs can leave this machine.

Needs root and the program `ip`. With root, whatever is missing fails the tests; only without it they are skipped.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.network.addresses import (
    CLOSED,
    ENDPOINTS,
    LINK_INSIDE,
    LINK_OUTSIDE,
    NAME_SERVER,
    OWN_PUBLIC,
    SEARCH_DOMAIN,
    VICTIMS_OUTSIDE,
)
from tests.support.programs import find_program

PREFIX = "moorage-test-"
WAY_OUT, WAY_IN = "way-out", "way-in"
SETTINGS = Path("/etc/netns")
RESOLV_CONF = f"nameserver {NAME_SERVER}\nsearch {SEARCH_DOMAIN}\noptions ndots:5 timeout:3 attempts:1\n"
HOSTS = "127.0.0.1 localhost\n::1 localhost\n"


@dataclass(frozen=True, slots=True)
class Namespace:
    """One of the two. `ip netns exec` gives a process its own resolv.conf as well, from /etc/netns."""

    name: str

    @property
    def wrapper(self) -> Sequence[str]:
        """The command that turns into the one after it, inside."""
        return [_ip(), "netns", "exec", self.name]


def reason_to_skip(*, user_id: int) -> str | None:
    """Say why the namespaces can't be made, where that is no fault; None with root, whatever else is missing."""
    if user_id == 0:
        return None
    return "two network namespaces need root; what runs without it is in test_on_loopback.py"


@contextlib.contextmanager
def two_namespaces() -> Iterator[tuple[Namespace, Namespace]]:
    """Make (inside, outside), and take both away at the end."""
    if reason := reason_to_skip(user_id=os.geteuid()):
        pytest.skip(reason)
    sweep()
    inside, outside = (Namespace(f"{PREFIX}{os.getpid()}-{side}") for side in ("inside", "outside"))
    try:
        for namespace in (inside, outside):
            run_ip("netns", "add", namespace.name)
        _write_settings(inside)
        _lay_the_cable(inside, outside)
        yield inside, outside
    finally:
        for namespace in (inside, outside):
            remove(namespace.name)


def _write_settings(inside: Namespace) -> None:
    """Give the inside a name server of ours, and nothing but files and DNS to look names up with."""
    folder = SETTINGS / inside.name
    folder.mkdir(parents=True)
    (folder / "resolv.conf").write_text(RESOLV_CONF)
    (folder / "hosts").write_text(HOSTS)
    if Path("/etc/nsswitch.conf").exists():
        (folder / "nsswitch.conf").write_text("hosts: files dns\n")


def _lay_the_cable(inside: Namespace, outside: Namespace) -> None:
    run_ip("-n", inside.name, "link", "add", WAY_OUT, "type", "veth", "peer", "name", WAY_IN, "netns", outside.name)
    configure(inside, WAY_OUT, [*LINK_INSIDE, f"{OWN_PUBLIC[0]}/32"], gateways=LINK_OUTSIDE)
    configure(outside, WAY_IN, LINK_OUTSIDE, gateways=LINK_INSIDE)
    posts = (NAME_SERVER, CLOSED, *ENDPOINTS, *VICTIMS_OUTSIDE)
    batch(outside, [f"address add {_host_network(address)} dev lo{_at_once(address)}" for address in posts])


def configure(here: Namespace, interface: str, networks: Sequence[str], *, gateways: Sequence[str]) -> None:
    """Bring an interface up, with these addresses, and let everything unknown go to the gateways."""
    batch(
        here,
        [
            "link set lo up",
            f"link set {interface} up",
            *(f"address add {network} dev {interface}{_at_once(network)}" for network in networks),
            *(f"route add default via {gateway.partition('/')[0]}" for gateway in gateways),
        ],
    )


def _host_network(address: str) -> str:
    return f"{address}/128" if ":" in address else f"{address}/32"


def _at_once(address: str) -> str:
    """Spare an IPv6 address the second in which it asks whether somebody else has it."""
    return " nodad" if ":" in address else ""


def batch(namespace: Namespace, commands: Sequence[str]) -> None:
    """Have `ip` carry out several commands in a namespace."""
    run_ip("-n", namespace.name, "-batch", "-", text="\n".join(commands) + "\n")


def run_ip(*arguments: str, text: str = "") -> None:
    """Run `ip`; the test fails with what it said."""
    done = subprocess.run([_ip(), *arguments], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(
            f"root can't make network namespaces here (CAP_SYS_ADMIN, CAP_NET_ADMIN, IPv6 and veth are needed): "
            f"`ip {' '.join(arguments)}` said {done.stderr.strip()}",
            pytrace=False,
        )


def _ip() -> str:
    return str(find_program(["ip"], debian_package="iproute2", also_in=["/usr/sbin", "/sbin"]))


def remove(name: str) -> None:
    """Take a namespace away, with what belongs to it."""
    subprocess.run([_ip(), "netns", "delete", name], capture_output=True, check=False)
    shutil.rmtree(SETTINGS / name, ignore_errors=True)
    with contextlib.suppress(OSError):
        SETTINGS.rmdir()


def sweep() -> None:
    """Take away what tests left that were killed."""
    for folder in (Path("/run/netns"), SETTINGS):
        for entry in folder.glob(f"{PREFIX}*"):
            if not Path(f"/proc/{entry.name.removeprefix(PREFIX).partition('-')[0]}").exists():
                remove(entry.name)
