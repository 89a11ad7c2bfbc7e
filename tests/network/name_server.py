"""A name server that says what a test tells it to: another thing each time, late, cut, too much, or nothing at all.

It stands for the resolver of a firm's network, so it follows aliases itself. Every answer has a TTL of 0.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

PORT = 53
MAX_ALIASES = 16
PLAIN_UDP_BYTES = 512


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said once. `records` are lines such as "A 20.0.0.10" or "CNAME db.corp.test".

    `over_udp`: instead of `records` these, marked as cut off, so that the rest is fetched over TCP.
    """

    records: tuple[str, ...] = ()
    rcode: str = "NOERROR"
    after_s: float = 0.0
    is_silent: bool = False
    over_udp: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """What a name answers, lookup by lookup: the last one for ever, or all of them in a circle."""

    answers: tuple[Answer, ...]
    in_circle: bool = False

    def to_json(self) -> dict[str, Any]:
        """Give it for sending."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Name":
        """Read what `to_json` gave."""
        answers: list[dict[str, Any]] = [
            {name: tuple(value) if isinstance(value, list) else value for name, value in answer.items()}
            for answer in told["answers"]
        ]
        return cls(tuple(Answer(**answer) for answer in answers), told["in_circle"])


def says(*records: str, **how: Any) -> Name:
    """Make a name that always says the same."""
    return Name((Answer(records, **how),))


def changes(*answers: Sequence[str], in_circle: bool = False) -> Name:
    """Make a name that says something else with each lookup."""
    return Name(tuple(Answer(tuple(records)) for records in answers), in_circle)


class NameServer:
    """Serves one address over UDP and TCP. `asked` holds (name, type, "udp" or "tcp") of every question."""

    def __init__(self, names: Mapping[str, Name]) -> None:
        self.names = dict(names)
        self.asked: list[tuple[str, str, str]] = []
        self._lookups: Counter[tuple[str, str]] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str) -> None:
        """Listen until the loop ends."""
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(host, PORT))
        await asyncio.start_server(self._serve_tcp, host, PORT)

    def set(self, name: str, what: Name) -> None:
        """Let a name say something else from now on."""
        self.names[name] = what
        for kind in ("A", "AAAA"):
            self._lookups.pop((name, kind), None)

    def answer_later(self, wire: bytes, transport: asyncio.DatagramTransport, peer: Any) -> None:
        """Answer one datagram without holding up the next."""

        async def answer() -> None:
            reply = await self.answer(wire, over="udp")
            if reply is not None:
                transport.sendto(reply, peer)

        task = asyncio.get_running_loop().create_task(answer())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def answer(self, wire: bytes, *, over: str) -> bytes | None:
        """Give the reply to a question; None is silence."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        host = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((host, kind, over))
        step = self._next(host, kind, is_lookup=over == "udp")
        if step is None:
            step = Answer(rcode="NXDOMAIN")
        await asyncio.sleep(step.after_s)
        if step.is_silent:
            return None
        reply = dns.message.make_response(query, recursion_available=True)
        reply.set_rcode(dns.rcode.from_text(step.rcode))
        is_cut = over == "udp" and step.over_udp is not None
        self._write(reply, host, kind, step.over_udp or () if is_cut else step.records)
        wire = reply.to_wire()
        if is_cut or (over == "udp" and len(wire) > PLAIN_UDP_BYTES):
            if not is_cut:
                reply.answer.clear()
            reply.flags |= dns.flags.TC
            wire = reply.to_wire()
        return wire

    def _next(self, host: str, kind: str, *, is_lookup: bool) -> Answer | None:
        """Give what this lookup hears: one asks for A and AAAA, and its TCP question belongs to its UDP one."""
        name = self.names.get(host) or self.names.get("*." + host.partition(".")[2])
        if name is None:
            return None
        turn = self._lookups[host, kind] - (0 if is_lookup else 1)
        if is_lookup:
            self._lookups[host, kind] += 1
        last = len(name.answers) - 1
        return name.answers[turn % len(name.answers) if name.in_circle else min(turn, last)]

    def _write(self, reply: dns.message.Message, host: str, kind: str, records: Sequence[str]) -> None:
        """Put the records of this kind into the reply; an alias is followed as a resolver does."""
        for _ in range(MAX_ALIASES):
            alias = None
            for record in records:
                written_kind, _, data = record.partition(" ")
                if written_kind in {kind, "CNAME"}:
                    text = f"{data}." if written_kind == "CNAME" else data
                    reply.answer.append(dns.rrset.from_text(dns.name.from_text(host), 0, "IN", written_kind, text))
                if written_kind == "CNAME":
                    alias = data
            if alias is None or alias not in self.names:
                return
            host, records = alias, self.names[alias].answers[-1].records

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                reply = await self.answer(wire, over="tcp")
                if reply is not None:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                    await writer.drain()
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self._transport is not None:
            self._server.answer_later(data, self._transport, addr)
