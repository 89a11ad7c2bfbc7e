"""Three namespaces in a row: a container, the machine that it runs on, and an outside that has every address there is.

    container ── bridge moorage0 ── machine ── cable ── outside

The wall is loaded into the machine. Needs root, `ip` and `nft`; with root, whatever is missing fails the tests.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from tests.network.namespaces import PREFIX, Namespace, batch, configure, remove, run_ip, sweep
from tests.support.codebase import ROOT
from tests.wall.rules import PATIENCE_S, Wall

BRIDGE: Final = "moorage0"
MACHINE: Final = ("20.0.0.2/24", "2a01:a::2/64")
OUTSIDE: Final = ("20.0.0.1/24", "2a01:a::1/64")
GATEWAY: Final = ("10.88.0.1/24", "fd88::1/64")
CONTAINER: Final = ("10.88.0.2/24", "fd88::2/64")
BEHIND: Final = ("10.88.0.0/24", "fd88::/64")
PORTS: Final = (443, 8443, 25, 53, 5353, 5432)
MOORAGE: Final = 10001
SOMEBODY_ELSE: Final = 10002

Target = tuple[str, str, int]


def host(network: str) -> str:
    """Give the address of an interface without its prefix length."""
    return network.partition("/")[0]


def reason_to_skip(*, user_id: int) -> str | None:
    """Say why the wall can't be built, where that is no fault; None with root, whatever else is missing."""
    return None if user_id == 0 else "a firewall in a network namespace needs root"


@dataclass(frozen=True, slots=True)
class Grounds:
    """The three, and what is done in them."""

    container: Namespace
    machine: Namespace
    outside: Namespace

    @property
    def wall(self) -> Wall:
        """The machine's packet filter."""
        return Wall(self.machine)

    def knock(
        self, *targets: Target, at: Namespace | None = None, user: int | None = MOORAGE
    ) -> dict[Target, str | None]:
        """Knock from the machine, or elsewhere, as a user; gives what each target said."""
        done = subprocess.run(
            [*(at or self.machine).wrapper, sys.executable, "-m", "tests.wall.knocking"],
            input=json.dumps({"user": user, "at": targets}),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr
        return dict(zip(targets, json.loads(done.stdout), strict=True))

    def reached(
        self, *hosts: str, port: int = 443, at: Namespace | None = None, user: int | None = MOORAGE
    ) -> set[str]:
        """Give the hosts that answered over TCP."""
        said = self.knock(*(("tcp", host, port) for host in hosts), at=at, user=user)
        return {host for (_, host, _), word in said.items() if word is not None}


@contextlib.contextmanager
def open_grounds() -> Iterator[Grounds]:
    """Make the namespaces, listen on the machine and outside, and take all of it away at the end."""
    if reason := reason_to_skip(user_id=os.geteuid()):
        pytest.skip(reason)
    sweep()
    sides = [Namespace(f"{PREFIX}{os.getpid()}-{side}") for side in ("container", "machine", "outward")]
    with contextlib.ExitStack() as stack:
        for side in sides:
            stack.callback(remove, side.name)
            run_ip("netns", "add", side.name)
        grounds = Grounds(*sides)
        _join(grounds)
        for side in (grounds.machine, grounds.outside):
            stack.enter_context(_listening(side))
        yield grounds


def _join(grounds: Grounds) -> None:
    container, machine, outside = grounds.container, grounds.machine, grounds.outside
    run_ip(
        "-n", machine.name, "link", "add", "way-out", "type", "veth", "peer", "name", "way-in", "netns", outside.name
    )
    run_ip("-n", machine.name, "link", "add", "port", "type", "veth", "peer", "name", "eth0", "netns", container.name)
    run_ip("-n", machine.name, "link", "add", BRIDGE, "type", "bridge")
    batch(machine, [f"link set port master {BRIDGE}", "link set port up"])
    configure(machine, "way-out", MACHINE, gateways=OUTSIDE)
    configure(machine, BRIDGE, GATEWAY, gateways=())
    configure(container, "eth0", CONTAINER, gateways=GATEWAY)
    configure(outside, "way-in", OUTSIDE, gateways=())
    # Everything is here; but the answers to a container, whose packets nobody translates, must find their way back.
    back = [f"route add {network} via {host(way)}" for network, way in zip(BEHIND, MACHINE, strict=True)]
    everything = ["route add local 0.0.0.0/0 dev lo", "route add local ::/0 dev lo table main"]
    batch(outside, [*back, *everything])
    for switch in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        script = f"echo 1 > /proc/sys/net/{switch}"
        subprocess.run([*machine.wrapper, "sh", "-c", script], check=True)


@contextlib.contextmanager
def _listening(side: Namespace) -> Iterator[None]:
    command = [*side.wrapper, sys.executable, "-m", "tests.wall.listening", *map(str, PORTS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        try:
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                pytest.fail(f"nobody listens in {side.name}", pytrace=False)
            yield
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(PATIENCE_S)
