"""TLS in front of a plain server, on a thread: who shows no good client certificate is told so, as by nginx or Go.

asyncio's own TLS servers, and with them uvicorn's, hang up instead without sending the alert.
"""

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator

CHUNK_BYTES = 65536
STOP_S = 10.0


@contextlib.contextmanager
def alerting_front(backend_port: int, context: ssl.SSLContext) -> Iterator[int]:
    """Relay TLS connections to 127.0.0.1:`backend_port`, one thread each; gives the port to connect to."""
    ended = threading.Event()
    relays: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)

        def accept() -> None:
            while not ended.is_set():
                with contextlib.suppress(TimeoutError):
                    incoming, _ = listening.accept()
                    relays.append(threading.Thread(target=_relay, args=(incoming, context, backend_port, ended)))
                    relays[-1].start()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            ended.set()
            for thread in (acceptor, *relays):
                thread.join(STOP_S)


def _relay(incoming: socket.socket, context: ssl.SSLContext, backend_port: int, ended: threading.Event) -> None:
    incoming.settimeout(STOP_S)
    with context.wrap_socket(incoming, server_side=True, do_handshake_on_connect=False) as front:
        try:
            front.do_handshake()
        except ssl.SSLError:
            _linger(front)
            return
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", backend_port)) as back:
            _pump(front, back, ended)


def _pump(front: ssl.SSLSocket, back: socket.socket, ended: threading.Event) -> None:
    while not ended.is_set():
        # What OpenSSL has read already is not seen by select.
        ready = [front] if front.pending() else select.select([front, back], [], [], 0.1)[0]
        for source in ready:
            data = source.recv(CHUNK_BYTES)
            if not data:
                return
            (back if source is front else front).sendall(data)


def _linger(front: ssl.SSLSocket) -> None:
    """Read on until the other side has hung up: closing over unread bytes would reset, and lose, the alert."""
    with socket.socket(fileno=front.detach()) as bare, contextlib.suppress(OSError):
        bare.settimeout(STOP_S)
        bare.shutdown(socket.SHUT_WR)
        while bare.recv(CHUNK_BYTES):
            pass
