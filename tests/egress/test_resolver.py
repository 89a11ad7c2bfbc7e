"""The system's resolver is asked with bounds, and whatever it says is judged before anything is dialled."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from moorage.egress.dial import JudgedSocket, JudgingResolver
from moorage.egress.policy import Address, AddressPolicy, Exceptions, Reason, Verdict, classify
from moorage.egress.resolver import MAX_ANSWERS, SystemResolver, asked_name
from moorage.egress.urls import Endpoint, parse_base_url
from moorage.errors import AddressRefused
from moorage.telemetry import Metrics
from tests.egress.harbour import ANYBODY, GOOD, ScriptedResolver, dialler
from tests.support.codebase import ROOT

TEAM = "team-1"


def reason_of(answer: object) -> str:
    assert isinstance(answer, AddressRefused)
    assert answer.code == "address_not_public"
    return answer.reason


@pytest.fixture
def resolver() -> Iterator[SystemResolver]:
    system = SystemResolver()
    yield system
    system.close()


class HeldLookUp:
    """Says what a test wants instead of asking the system, and not before `go`."""

    def __init__(self, answer: list[Address]) -> None:
        self._answer = answer
        self.asked: list[str] = []
        self.go = threading.Event()

    def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        self.go.wait(30)
        return self._answer


async def test_an_excepted_local_name_is_found(resolver: SystemResolver) -> None:
    assert ip_address(GOOD) in await resolver.resolve("localhost", 443, TEAM)


async def test_a_name_that_is_none_has_no_addresses(resolver: SystemResolver) -> None:
    assert await resolver.resolve("no-such-name-anywhere.localhost", 443, TEAM) in ([], [ip_address(GOOD)])


async def test_a_lookup_that_hangs_is_given_up_and_holds_one_thread_only() -> None:
    """D10: the name of one team whose server never answers."""
    look_up = HeldLookUp([ip_address("1.1.1.1")])
    resolver = SystemResolver(timeout_s=0.05, look_up=look_up)
    asking = (resolver.resolve("hangs.example", 443, TEAM) for _ in range(100))
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [reason_of(answer) for answer in answers] == [Reason.LOOKUP_TIMEOUT] * 100
    assert look_up.asked == ["hangs.example"]
    look_up.go.set()
    resolver.close()


async def test_lookups_that_hang_do_not_stall_other_work() -> None:
    """D10: the loop's own threads stay free."""
    look_up = HeldLookUp([])
    resolver = SystemResolver(timeout_s=0.05, look_up=look_up)
    asking = (resolver.resolve(f"{number}.example", 443, f"team-{number}") for number in range(64))
    await asyncio.gather(*asking, return_exceptions=True)
    assert await asyncio.wait_for(asyncio.to_thread(lambda: "done"), 10) == "done"
    look_up.go.set()
    resolver.close()


async def test_one_teams_silent_servers_leave_the_lookups_of_others_alone() -> None:
    """P22: eight threads a team at most, for as long as they really hang."""
    held, free = HeldLookUp([]), [ip_address("1.1.1.1")]
    resolver = SystemResolver(
        timeout_s=0.05, look_up=lambda host, port: held(host, port) if host.startswith("eve") else free
    )
    asking = (resolver.resolve(f"eve{number}.example", 443, "eve's") for number in range(40))
    reasons = [reason_of(answer) for answer in await asyncio.gather(*asking, return_exceptions=True)]
    assert Counter(reasons) == {Reason.LOOKUP_TIMEOUT: 8, Reason.LOOKUPS_BUSY: 32}
    assert len(held.asked) == 8
    # The eight are given up, and hang on: more of them are still not begun.
    with pytest.raises(AddressRefused) as refused:
        await resolver.resolve("eve-later.example", 443, "eve's")
    assert refused.value.reason == Reason.LOOKUPS_BUSY
    assert await resolver.resolve("mia.example", 443, "mia's") == free
    held.go.set()
    while resolver._asking:
        await asyncio.sleep(0.01)
    assert await resolver.resolve("eve-again.example", 443, "eve's") == []
    resolver.close()


def test_a_server_that_never_answers_does_not_hold_the_process_at_its_end() -> None:
    """Python waits at its end for the threads of a pool, and glibc for a silent server."""
    program = (
        "import asyncio, time\n"
        "from moorage.egress.resolver import SystemResolver\n"
        "from moorage.errors import AddressRefused\n"
        "async def main():\n"
        "    resolver = SystemResolver(timeout_s=0.05, look_up=lambda host, port: time.sleep(600) or [])\n"
        "    try:\n"
        "        await resolver.resolve('silent.example', 443, 'team')\n"
        "    except AddressRefused as refused:\n"
        "        print(refused.reason)\n"
        "    resolver.close()\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("lookup_timeout\n", 0), done.stderr


async def test_lookups_after_one_another_ask_again() -> None:
    look_up = HeldLookUp([ip_address("1.1.1.1")])
    resolver = SystemResolver(look_up=look_up)
    look_up.go.set()
    assert await resolver.resolve("llm.example", 443, TEAM) == [ip_address("1.1.1.1")]
    await asyncio.sleep(0)
    assert await resolver.resolve("llm.example", 443, TEAM) == [ip_address("1.1.1.1")]
    assert look_up.asked == ["llm.example", "llm.example"]
    resolver.close()


@pytest.mark.parametrize("count", [64, 65, 300])
async def test_a_flood_of_answers_is_no_answer(count: int) -> None:
    """D08: cutting the list would leave addresses unjudged."""
    look_up = HeldLookUp([ip_address(f"1.1.{number // 256}.{number % 256}") for number in range(count)])
    resolver = SystemResolver(look_up=look_up)
    look_up.go.set()
    if count <= MAX_ANSWERS:
        assert len(await resolver.resolve("llm.example", 443, TEAM)) == count
    else:
        with pytest.raises(AddressRefused) as refused:
            await resolver.resolve("llm.example", 443, TEAM)
        assert refused.value.reason == Reason.TOO_MANY_ANSWERS
    resolver.close()


def test_a_public_name_is_asked_with_its_final_dot_and_a_local_one_bare() -> None:
    """D11: search domains never apply to names of the internet."""
    assert asked_name("llm.example.com") == "llm.example.com."
    assert asked_name("ollama") == "ollama"
    assert asked_name("host.docker.internal") == "host.docker.internal"


@pytest.mark.parametrize("elsewhere", [("127.0.0.3", 443), ("127.0.0.1", 444), ("::1", 443)])
def test_a_judged_socket_connects_nowhere_else(elsewhere: tuple[str, int]) -> None:
    """D14b: whatever a library does between judging and dialling."""
    with contextlib.closing(JudgedSocket(socket.AF_INET, ip_address(GOOD), 443, Metrics())) as sock:
        with pytest.raises(AddressRefused):
            sock.connect(elsewhere)
        with pytest.raises(AddressRefused):
            sock.connect_ex((GOOD, 443))


@pytest.mark.parametrize("new_loop", [asyncio.SelectorEventLoop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_both_event_loops_connect_through_the_judged_socket(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """The pin sits in `connect`; a loop that dialled past it would leave it without effect."""

    async def dial() -> tuple[bool, int]:
        loop = asyncio.get_running_loop()
        victim = await loop.create_server(asyncio.Protocol, "127.0.0.3", 0)
        port = victim.sockets[0].getsockname()[1]
        good = await loop.create_server(asyncio.Protocol, GOOD, port)
        is_refused = False
        with contextlib.closing(JudgedSocket(socket.AF_INET, ip_address(GOOD), port, Metrics())) as sock:
            sock.setblocking(False)
            try:
                await loop.sock_connect(sock, ("127.0.0.3", port))
            except AddressRefused:
                is_refused = True
            await loop.sock_connect(sock, (GOOD, port))
            reached = int(sock.getpeername()[0].rpartition(".")[2])
        victim.close()
        good.close()
        return is_refused, reached

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(dial()) == (True, 1)


@pytest.mark.parametrize(
    ("family", "sockaddr"),
    [
        (socket.AF_INET, ("127.0.0.3", 443)),
        (socket.AF_INET, ("1.1.1.1", 444)),
        (socket.AF_INET, ("10.0.0.1", 443)),
        (socket.AF_INET6, ("::ffff:1.1.1.1", 443, 0, 0)),
        (socket.AF_INET6, ("2606:4700::1111", 443, 0, 2)),
        (socket.AF_UNIX, ("/run/docker.sock", 443)),
    ],
)
def test_the_socket_factory_judges_whatever_is_proposed(family: int, sockaddr: tuple[str | int, ...]) -> None:
    make = dialler(ScriptedResolver(["1.1.1.1"])).socket_factory(Endpoint("llm.example", 443, ""))
    with pytest.raises(AddressRefused):
        make((family, socket.SOCK_STREAM, 6, "", sockaddr))
    make((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443))).close()


async def test_the_resolver_of_a_pool_answers_for_its_own_endpoint_only() -> None:
    judging = JudgingResolver(dialler(ScriptedResolver(["1.1.1.1"])), ANYBODY, Endpoint("llm.example", 443, ""))
    assert [result["host"] for result in await judging.resolve("llm.example", 443)] == ["1.1.1.1"]
    for host, port in (("evil.example", 443), ("llm.example", 8443)):
        with pytest.raises(AddressRefused):
            await judging.resolve(host, port)


HOSTS = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.sampled_from(["llm.example", "localhost", "ollama", "metadata.google.internal", "bücher.example"]),
)
ADDRESSES = st.one_of(
    st.ip_addresses(),
    st.sampled_from([ip_address(text) for text in ("1.1.1.1", "127.0.0.1", "169.254.169.254", "::1", "2606:4700::1")]),
)


@given(HOSTS, st.sampled_from(["", ":443", ":8443", ":9443"]), st.lists(ADDRESSES, max_size=4))
def test_no_accepted_url_ever_yields_an_address_outside_the_policy(host: str, port: str, answer: list[Address]) -> None:
    """P11: grammar, lookup and judgement together, whatever the DNS answers."""
    exceptions = Exceptions.parse("ollama:9443=127.0.0.0/8, localhost:443=127.0.0.1/32")
    way = dialler(ScriptedResolver([str(address) for address in answer]), AddressPolicy(exceptions))
    try:
        endpoint = parse_base_url(f"https://{host}{port}", exceptions=exceptions)
        addresses = asyncio.run(way.judged_addresses(ANYBODY, endpoint))
    except AddressRefused:
        return
    assert addresses
    for address in addresses:
        assert classify(address) is Verdict.PUBLIC or exceptions.permits(endpoint.host, endpoint.port, address)
