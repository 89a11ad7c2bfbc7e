"""Knocks at addresses with plain sockets, as another user if asked to, and says who answered.

`python -m tests.wall.knocking` reads {"user": number or null, "at": [[protocol, host, port], …]} and prints a list
of the same length: what the other side said, or null where nothing came back.
"""

import contextlib
import errno
import json
import os
import selectors
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Less than the second after which the kernel tries a connection again: so one knock is one packet.
PATIENCE_S: Final = 0.8
WORD: Final = b"anybody there?"
WAITING: Final = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK})


@dataclass
class Knock:
    """One attempt."""

    protocol: str
    host: str
    port: int
    sock: socket.socket
    said: str | None = None

    @classmethod
    def at(cls, protocol: str, host: str, port: int) -> "Knock":
        """Begin one; what the kernel refuses at once stays without an answer."""
        kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
        sock.setblocking(False)
        knock = cls(protocol, host, port, sock)
        try:
            failed = sock.connect_ex((host, port)) not in WAITING
            if not failed and protocol == "udp":
                sock.send(WORD)
        except OSError:
            failed = True
        if failed:
            sock.close()
        return knock

    def listen(self) -> None:
        """Take what the other side says; a connection that was refused says nothing."""
        with contextlib.suppress(OSError):
            self.said = self.sock.recv(64).decode() or None


def knock_at(targets: Sequence[tuple[str, str, int]]) -> list[str | None]:
    """Knock everywhere at once and wait for a while."""
    selector = selectors.DefaultSelector()
    knocks = [Knock.at(*target) for target in targets]
    for knock in knocks:
        if knock.sock.fileno() >= 0:
            selector.register(knock.sock, selectors.EVENT_READ, knock)
    until = time.monotonic() + PATIENCE_S
    while selector.get_map() and (left := until - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            selector.unregister(key.fileobj)
            key.data.listen()
    for knock in knocks:
        knock.sock.close()
    return [knock.said for knock in knocks]


def main() -> None:
    """Do what standard input says."""
    asked = json.load(sys.stdin)
    if asked["user"] is not None:
        os.setgroups([])
        os.setresgid(asked["user"], asked["user"], asked["user"])
        os.setresuid(asked["user"], asked["user"], asked["user"])
    json.dump(knock_at([(protocol, host, port) for protocol, host, port in asked["at"]]), sys.stdout)


if __name__ == "__main__":
    main()
