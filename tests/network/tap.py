"""Notes every TCP connection and every datagram that a network interface carries, whoever sent it and why."""

import asyncio
import socket
import struct
from ipaddress import ip_address

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_STATISTICS = 6
PACKET_OUTGOING = 4
BUFFER_BYTES = 16 * 1024 * 1024
ETHERNET_BYTES = 14
TCP, UDP = 6, 17
SYN, ACK = 0x02, 0x10

Contact = tuple[str, str, int]
"""("tcp" or "udp", address, port)."""


class Tap:
    """Listens on an interface of this process's namespace from `start` on; `contacts` holds each once per connection.

    A connection is its first packet (SYN): one that is sent again counts once, and one that nobody answered counts.
    """

    def __init__(self) -> None:
        self.contacts: list[Contact] = []
        self._seen: set[bytes] = set()
        self._lost = 0
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(ETH_P_ALL))

    def start(self, interface: str) -> None:
        """Begin. Needs the right to open raw sockets."""
        # Root may go beyond the system's limit, and a packet that was dropped here would look like one never sent.
        self._socket.setsockopt(socket.SOL_SOCKET, 33, BUFFER_BYTES)  # SO_RCVBUFFORCE
        self._socket.bind((interface, ETH_P_ALL))
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self.read)

    def read(self) -> None:
        """Take what has arrived."""
        while True:
            try:
                frame, (_, _, packet_type, *_) = self._socket.recvfrom(256)
            except BlockingIOError:
                return
            # On loopback each packet passes twice, on its way out and in.
            if packet_type != PACKET_OUTGOING:
                self._note(frame[ETHERNET_BYTES:])

    def count_lost(self) -> int:
        """Give how many packets have arrived too fast to be read. The kernel tells only what is new."""
        _, dropped = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        self._lost += int(dropped)
        return self._lost

    def _note(self, packet: bytes) -> None:
        version = packet[0] >> 4 if packet else 0
        if version == 4:
            protocol, begin, addresses = packet[9], (packet[0] & 0x0F) * 4, packet[12:20]
        elif version == 6:
            protocol, begin, addresses = packet[6], 40, packet[8:40]
        else:
            return
        segment = packet[begin:]
        target = str(ip_address(addresses[len(addresses) // 2 :]))
        port = int.from_bytes(segment[2:4], "big")
        if protocol == TCP and segment[13] & (SYN | ACK) == SYN:
            connection = addresses + segment[:8]
            if connection not in self._seen:
                self._seen.add(connection)
                self.contacts.append(("tcp", target, port))
        elif protocol == UDP:
            self.contacts.append(("udp", target, port))
