"""One process in the namespace: a name server, and TLS servers at every address there is, which note who came how far.

Reads one JSON line for each order, says one JSON line to each: {"names": {…}} sets names, {"take": true} gives the
visits since the last time, as [address, how far]: 1 TCP was connected, 2 a TLS hello came, 3 a request was answered.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import Final

import trustme

from benchmarks.guards.attacks import ATTACKS, DOMAIN, HONEST_ADDRESSES, REDIRECTIONS
from tests.network.name_server import Name, NameServer

NAME_SERVER: Final = "127.0.0.53"
PORT: Final = 443
PATIENCE_S: Final = 3.0
CONNECTED, SAID_HELLO, WAS_ANSWERED = 1, 2, 3
HELLO: Final = b"\x16"
# Who calls from here is ourselves: once that call was accepted, every call before it was.
MARKERS: Final = {"127.0.0.99": "127.0.0.1", "2a01:a::99": "2a01:a::2"}
BODY: Final = b'{"object": "list", "data": []}'


class Visits:
    """Who came how far. Threads write, the orders read."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._open = 0
        self._markers = 0
        self._visits: list[list[str | int]] = []

    def begin(self, at: str) -> list[str | int]:
        """Note a connection; the caller raises how far it came."""
        visit: list[str | int] = [at, CONNECTED]
        with self._lock:
            self._open += 1
            self._visits.append(visit)
        return visit

    def end(self) -> None:
        """Note that one is over."""
        with self._lock:
            self._open -= 1
            self._lock.notify_all()

    def note_marker(self) -> None:
        """Note that a listener has accepted everything until now."""
        with self._lock:
            self._markers += 1
            self._lock.notify_all()

    def take(self) -> list[list[str | int]]:
        """Wait for the visits under way, give all of them and forget them."""
        self._markers = 0
        for source, target in MARKERS.items():
            socket.create_connection((target, PORT), source_address=(source, 0)).close()
        with self._lock:
            self._lock.wait_for(lambda: self._markers == len(MARKERS) and not self._open, timeout=PATIENCE_S)
            taken, self._visits = self._visits, []
        return taken


def serve(listener: socket.socket, tls: ssl.SSLContext, visits: Visits) -> None:
    """Accept for ever, a thread for each connection."""
    while True:
        connection, peer = listener.accept()
        if peer[0] in MARKERS:
            connection.close()
            visits.note_marker()
            continue
        visit = visits.begin(connection.getsockname()[0])
        threading.Thread(target=receive, args=(connection, tls, visits, visit), daemon=True).start()


def receive(connection: socket.socket, tls: ssl.SSLContext, visits: Visits, visit: list[str | int]) -> None:
    """Look for a TLS hello, shake hands, answer one request, hang up."""
    try:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(PATIENCE_S)
            if connection.recv(1, socket.MSG_PEEK) != HELLO:
                return
            visit[1] = SAID_HELLO
            with tls.wrap_socket(connection, server_side=True) as secured:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = secured.recv(65_536)
                    if not piece:
                        return
                    head += piece
                secured.sendall(answer(head))
                visit[1] = WAS_ANSWERED
    finally:
        visits.end()


def answer(head: bytes) -> bytes:
    """Answer a request; some hosts send it on."""
    lines = head.decode("latin-1").lower().split("\r\n")
    host = next((line.partition(":")[2].strip() for line in lines if line.startswith("host:")), "")
    status, location = REDIRECTIONS.get(host, (200, ""))
    told = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(BODY)}", "Content-Type: application/json"]
    told += [f"Location: {location}"] if location else []
    return "\r\n".join([*told, "Connection: close", "", ""]).encode() + BODY


def certificate(folder: Path) -> ssl.SSLContext:
    """Make a certificate that fits everything that is asked for: nothing may be stopped by TLS alone."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    written = {step.url.split("/")[2].strip("[]") for attack in ATTACKS for step in attack.steps}
    names = {name for name in written if name.isascii() and not name.endswith(DOMAIN)}
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(f"*.{DOMAIN}", *sorted(names | HONEST_ADDRESSES)).configure_cert(tls)
    return tls


async def main(folder: Path) -> None:
    """Serve until nobody gives orders any more."""
    tls, visits = certificate(folder), Visits()
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104 - all that there are
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, PORT))
        listener.listen(64)
        threading.Thread(target=serve, args=(listener, tls, visits), daemon=True).start()
    names = NameServer({})
    await names.start(NAME_SERVER)
    _say("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        for name, told in order.get("names", {}).items():
            names.set(name, Name.from_json(told))
        await asyncio.sleep(0)
        _say(visits.take() if order.get("take") else "done")


def _say(told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
