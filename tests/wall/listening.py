"""Listens on some ports at every address that a namespace has, and tells each caller which one was reached.

`python -m tests.wall.listening PORT…` says "ready" and serves until its standard input ends. UDP on each port sends
back what came, from the address that it came to.
"""

import contextlib
import selectors
import socket
import sys
from typing import Final

WORDS: Final = 64
# linux/in.h and linux/in6.h: tell the address that a datagram was sent to, and choose the one that it is sent from.
IP_PKTINFO: Final = 8
CONTROL_BYTES: Final = 256


def listen(family: socket.AddressFamily, port: int) -> tuple[socket.socket, socket.socket]:
    """Open TCP and UDP on every address of a family."""
    tcp, udp = socket.socket(family, socket.SOCK_STREAM), socket.socket(family, socket.SOCK_DGRAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        for one in (tcp, udp):
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        udp.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    for one in (tcp, udp):
        one.bind(("", port))
        one.setblocking(False)
    tcp.listen(1024)
    return tcp, udp


def answer_call(tcp: socket.socket) -> None:
    """Say which address was called, and hang up."""
    with contextlib.suppress(OSError):
        connection, _ = tcp.accept()
        with connection:
            connection.sendall(connection.getsockname()[0].encode())


def answer_datagram(udp: socket.socket) -> None:
    """Send a datagram back; the kernel's note of its address goes back with it and so chooses the sender."""
    with contextlib.suppress(OSError):
        data, notes, _, sender = udp.recvmsg(WORDS, CONTROL_BYTES)
        udp.sendmsg([data], notes, 0, sender)


def main(ports: list[int]) -> None:
    """Serve until nobody listens to us any more."""
    selector = selectors.DefaultSelector()
    for port in ports:
        for family in (socket.AF_INET, socket.AF_INET6):
            tcp, udp = listen(family, port)
            selector.register(tcp, selectors.EVENT_READ, answer_call)
            selector.register(udp, selectors.EVENT_READ, answer_datagram)
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        for key, _ in selector.select():
            if key.data is None:
                return
            key.data(key.fileobj)


if __name__ == "__main__":
    main([int(port) for port in sys.argv[1:]])
