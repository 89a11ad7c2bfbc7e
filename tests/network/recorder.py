"""Records every socket call of a process and its children at the kernel's door, by strace; patches nothing.

What it can't see would be a hole, so it refuses to be blind: see `Record.unseen`.
"""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.programs import find_program
from tests.support.serving import Serving

# All calls that can name a peer or send a datagram, and the one that would let a process do both without a call.
CALLS = "socket,connect,sendto,sendmsg,sendmmsg,write,writev,sendfile,io_uring_setup"
SENDING = frozenset({"sendto", "sendmsg", "sendmmsg", "write", "writev", "sendfile"})
# uvloop's library sets up a ring where it can, and does without where the kernel has none: then nothing hides in it.
NO_RINGS = "inject=io_uring_setup:error=ENOSYS"

_CALL = re.compile(r"(\w+)\((?:\d+<socket:\[(\d+)\]>)?")
_MADE = re.compile(r"socket\((AF_\w+), (SOCK_\w+).*\) = \d+<socket:\[(\d+)\]>")
_FAMILY = re.compile(r"sa_family=(AF_\w+)")
_ADDRESS = re.compile(
    r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)'
    r"|sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, \"([^\"]+)\""
)

Peer = tuple[str, int]


@dataclass(slots=True)
class Record:
    """What was seen: the peer of each TCP connection that was begun, and of each datagram that was sent.

    `unseen`: what may have happened beyond this recorder's sight, such as a ring of the kernel.
    """

    tcp: list[Peer] = field(default_factory=list)
    datagrams: list[Peer] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


class Recorder:
    """One recording, kept in a folder: a file for each thread, so that no line is cut by another."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._strace = str(find_program(["strace"], debian_package="strace"))
        self._require_ptrace()

    @property
    def wrapper(self) -> Sequence[str]:
        """The command that runs the one after it as its child, and records."""
        # No bytes of any message are kept (-s 0): a key would stand in them.
        what = ["-ff", "-y", "-qq", "-s", "0", "--seccomp-bpf", "-e", f"trace={CALLS}", "-e", "signal=none"]
        return [self._strace, *what, "-e", "abbrev=none", "-e", NO_RINGS, "-o", str(self._folder / "trace")]

    def read(self) -> Record:
        """Read what was recorded. The process must have ended."""
        record, kinds = Record(), self._kinds_of_sockets()
        for thread in self._folder.glob("trace.*"):
            _read_thread(thread, kinds, record)
        return record

    def _kinds_of_sockets(self) -> dict[str, str]:
        """Give the type of each socket by its number, which the kernel does not use twice."""
        lines = (line for thread in self._folder.glob("trace.*") for line in thread.read_text().splitlines())
        return {made[3]: made[2] for line in lines if (made := _MADE.match(line))}

    def _require_ptrace(self) -> None:
        done = subprocess.run([*self.wrapper, "true"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.fail(
                "every connection of the server has to be seen, and strace can not trace its own child here "
                f"(it needs ptrace, which some containers forbid without CAP_SYS_PTRACE): {done.stderr.strip()}",
                pytrace=False,
            )
        for file in self._folder.iterdir():
            file.unlink()


class RecordedServing(Serving):
    """A server that runs as the child of its recorder; signals go to the server itself."""

    @property
    def pid(self) -> int:
        recorder = super().pid
        children = Path(f"/proc/{recorder}/task/{recorder}/children").read_text().split()
        return int(children[0]) if children else recorder


def _read_thread(file: Path, kinds: dict[str, str], record: Record) -> None:
    """Follow one thread: which datagram socket is connected to whom, and what is sent."""
    peers: dict[str, Peer | None] = {}
    for line in file.read_text().splitlines():
        call = _CALL.match(line)
        if call is None:
            continue
        name, number = call[1], call[2] or ""
        kind, named = kinds.get(number, ""), list(_peers_in(line))
        if name == "io_uring_setup":
            record.unseen += [] if "ENOSYS" in line else [line]
        elif kind != "SOCK_DGRAM" and named:
            # A socket whose making was not seen counts as TCP: better one too many.
            record.tcp += named
        elif kind == "SOCK_DGRAM" and name == "connect":
            # No packet yet: the system asks in this way from which of our addresses it would send.
            peers[number] = named[0] if named else None
        elif kind == "SOCK_DGRAM" and name in SENDING and not _is_local(line):
            sent_to = named or [peer for peer in [peers.get(number)] if peer is not None]
            record.datagrams += sent_to
            record.unseen += [] if sent_to else [line]


def _peers_in(line: str) -> Iterator[Peer]:
    for port_4, address_4, port_6, address_6 in _ADDRESS.findall(line):
        yield (address_4 or address_6, int(port_4 or port_6))


def _is_local(line: str) -> bool:
    family = _FAMILY.search(line)
    return family is not None and family[1] in {"AF_NETLINK", "AF_UNIX"}
