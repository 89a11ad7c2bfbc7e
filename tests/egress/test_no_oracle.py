"""P11: a name inside a network and a name that is none get one answer at one time; only the operator learns why."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv6Network, ip_address, ip_network

import pytest
import structlog

from moorage.egress.dial import Dialler
from moorage.egress.interfaces import own_addresses
from moorage.egress.limits import Limits
from moorage.egress.policy import Address, AddressPolicy, Exceptions, Reason, no_public_address
from moorage.egress.refusals import Refusals
from moorage.egress.resolver import LOOKUPS_PER_TEAM
from moorage.egress.urls import Endpoint
from moorage.errors import AddressRefused, Invalid
from moorage.telemetry import Metrics, configure_logging, keep_allowed_fields
from tests.egress.harbour import ANYBODY, ScriptedResolver, dialler

HOST = Endpoint("llm.test", 443, "")
REQUEST_ID = "019aa5e4-5a2d-7000-8000-000000004711"


class SlowResolver:
    """Takes its time, then says what it was told to say, or raises it."""

    def __init__(self, pause_s: float, answer: Sequence[str] | AddressRefused) -> None:
        self._pause_s = pause_s
        self._answer = answer

    async def resolve(self, host: str, port: int, team: str) -> list[Address]:
        await asyncio.sleep(self._pause_s)
        if isinstance(self._answer, AddressRefused):
            raise self._answer
        return [ip_address(text) for text in self._answer]


@pytest.mark.parametrize(
    ("pause_s", "answer"),
    [
        (0.0, []),
        (0.0, ["10.0.0.1"]),
        (0.2, []),
        (0.2, ["10.0.0.1"]),
        (0.0, ["1.1.1.1", "169.254.169.254"]),
        (0.4, no_public_address(Reason.LOOKUP_TIMEOUT)),
        (0.0, no_public_address(Reason.TOO_MANY_ANSWERS)),
    ],
    ids=["none", "inside", "none, slowly", "inside, slowly", "mixed", "silence", "a flood"],
)
async def test_every_refused_name_is_told_the_same_at_the_same_moment(
    pause_s: float, answer: Sequence[str] | AddressRefused
) -> None:
    """The loop's own clock says when: a refusal is due 1 s after the question, whatever came before."""
    metrics = Metrics()
    way = Dialler(
        AddressPolicy(), SlowResolver(pause_s, answer), Limits(refusal_after_s=1.0), metrics, Refusals(metrics)
    )
    loop = asyncio.get_running_loop()
    due: list[float] = []
    original = loop.call_at

    def watch(when: float, *rest: object, **more: object) -> asyncio.TimerHandle:
        due.append(when)
        return original(when, *rest, **more)  # type: ignore[arg-type]

    loop.call_at = watch  # type: ignore[method-assign]
    asked_at = loop.time()
    with pytest.raises(AddressRefused) as refused:
        await way.judged_addresses(ANYBODY, HOST)
    assert (refused.value.code, refused.value.params) == ("address_not_public", {})
    assert due[-1] == pytest.approx(asked_at + 1.0, abs=0.15)


async def test_a_teams_slot_for_a_lookup_is_kept_until_its_refusal_is_told() -> None:
    """Else seven silent names and one more would tell, by what may be asked next, how long that one took."""
    metrics = Metrics()
    limits = Limits(refusal_after_s=0.5)
    way = Dialler(AddressPolicy(), ScriptedResolver([]), limits, metrics, Refusals(metrics))
    names = [Endpoint(f"llm{number}.test", 443, "") for number in range(LOOKUPS_PER_TEAM)]
    asking = [asyncio.create_task(way.judged_addresses(ANYBODY, name)) for name in names]
    await asyncio.sleep(0.1)  # every lookup has its answer by now, and no refusal is told yet
    reasons = []
    for scope in (ANYBODY, replace(ANYBODY, team="other")):
        with pytest.raises(AddressRefused) as refused:
            await way.judged_addresses(scope, HOST)
        reasons.append(refused.value.reason)
    assert reasons == [Reason.LOOKUPS_BUSY, Reason.NO_ANSWER]
    await asyncio.gather(*asking, return_exceptions=True)
    assert not way.asking


async def test_all_of_a_team_may_ask_one_model_at_once() -> None:
    """They share one lookup: forty questions in one instant take one of the team's eight slots."""
    metrics = Metrics()
    way = Dialler(AddressPolicy(), SlowResolver(0.1, ["1.1.1.1"]), Limits(), metrics, Refusals(metrics))
    answers = await asyncio.gather(*(way.judged_addresses(ANYBODY, HOST) for _ in range(40)))
    assert answers == [[ip_address("1.1.1.1")]] * 40
    assert not way.asking


async def test_a_literal_says_itself_what_it_is_and_is_refused_at_once() -> None:
    way = Dialler(AddressPolicy(), ScriptedResolver([]), Limits(refusal_after_s=60), Metrics(), Refusals(Metrics()))
    with pytest.raises(AddressRefused):
        await asyncio.wait_for(way.judged_addresses(ANYBODY, Endpoint("10.0.0.1", 443, "")), 10)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([], "no_answer"),
        (["10.0.0.1"], "private"),
        (["::ffff:127.0.0.1"], "loopback"),
        (["1.1.1.1", "168.63.129.16"], "metadata"),
        (["2606:4700::5efe:169.254.169.254"], "metadata"),
        (["::ffff:1.1.1.1"], "embedded"),
    ],
)
async def test_the_operator_reads_the_reason_in_log_and_counter_and_nobody_else_does(
    answer: list[str], reason: str
) -> None:
    configure_logging(style="json", level="info")
    way = dialler(ScriptedResolver(answer))
    with structlog.testing.capture_logs() as lines, pytest.raises(AddressRefused) as refused:
        await way.judged_addresses(ANYBODY, HOST)
    assert [(line["event"], line["reason"], line["team"], line["connection"]) for line in lines] == [
        ("egress_refused", reason, "team-1", "connection-1")
    ]
    assert keep_allowed_fields(None, "", dict(lines[0]))["reason"] == reason
    assert f'moorage_egress_refused_total{{reason="{reason}"}} 1.0' in way.metrics.render().decode()
    assert "llm.test" not in str(lines)
    assert reason not in f"{refused.value}{refused.value.params}"


async def test_a_refusals_log_line_bears_the_requests_id(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(style="json", level="info")
    structlog.contextvars.bind_contextvars(request_id=REQUEST_ID)
    with pytest.raises(AddressRefused):
        await dialler(ScriptedResolver(["10.0.0.1"])).judged_addresses(ANYBODY, HOST)
    structlog.contextvars.clear_contextvars()
    assert f'"request_id": "{REQUEST_ID}"' in capsys.readouterr().out


def test_this_machines_own_addresses_are_closed_unless_an_exception_names_them() -> None:
    """A model server on the same machine may be excepted; the deployment's own ports may not."""
    own = ip_address("203.0.114.7")
    policy = AddressPolicy(own_addresses=frozenset({own}))
    with pytest.raises(AddressRefused) as refused:
        policy.judge("llm.test", 443, [own])
    assert refused.value.reason == Reason.OWN_ADDRESS
    opened = ("llm.test:8443=203.0.114.7/32", "llm.test:8080=203.0.114.7/32", "llm.test:8080=127.0.0.1/32")
    excepted = Exceptions.parse(",".join(opened))
    policy = AddressPolicy(excepted, own_addresses=frozenset({own}), own_ports=frozenset({8080}))
    assert policy.judge("llm.test", 8443, [own]) == [own]
    for address in (own, ip_address("127.0.0.1")):
        with pytest.raises(AddressRefused) as refused:
            policy.judge("llm.test", 8080, [address])
        assert refused.value.reason == Reason.OWN_PORT


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("64:ff9b:1::8.8.8.8", None),
        ("64:ff9b:1::10.0.0.1", "private"),
        ("64:ff9b:1:0:0:1:808:808", "embedded"),  # beside the prefix
        ("2a01:4f8:0:64::10.0.0.1", "private"),
        ("2a01:4f8:0:64::169.254.169.254", "metadata"),
        ("2a01:4f8:0:64::203.0.114.7", "own_address"),
        ("2a01:4f8:0:64::8.8.8.8", None),
        ("2a01:4f8:0:65::10.0.0.1", None),
    ],
)
def test_a_translators_prefix_is_judged_by_what_stands_behind_it(address: str, reason: str | None) -> None:
    """RFC 6052: a prefix in the operator's own public space leads to private IPv4 addresses."""
    prefixes = (IPv6Network("64:ff9b:1::/96"), IPv6Network("2a01:4f8:0:64::/96"))
    policy = AddressPolicy(own_addresses=frozenset({ip_address("203.0.114.7")}), nat64_prefixes=prefixes)
    assert policy.refusal("llm.test", 443, ip_address(address)) == reason


def test_the_interfaces_of_this_machine_are_found() -> None:
    assert ip_address("127.0.0.1") in own_addresses()


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("moorage.example.com", True),
        ("intern.example.com", True),
        ("a.b.intern.example.com", True),
        ("notintern.example.com", False),
        ("www.moorage.example.com", False),
        ("example.com", False),
    ],
)
def test_own_hosts_are_names_and_with_a_dot_before_them_domains(host: str, is_own: bool) -> None:
    policy = AddressPolicy(own_hosts=frozenset({"moorage.example.com", ".intern.example.com"}))
    assert policy.is_own(host, 443) is is_own


@pytest.mark.parametrize(
    "entry",
    [
        "db:5432=10.0.0.0/8",
        "cache:6379=10.0.0.0/8",
        "llm:443=169.254.169.254/32",
        "llm:443=169.254.0.0/16",
        "llm:443=100.100.100.200/32",
        "llm:443=fe80::/10",
        "llm:443=224.0.0.0/4",
        "llm:443=64:ff9b:1::/48",
        "llm:7777=10.0.0.0/8",
    ],
)
def test_an_exception_for_what_stays_closed_always_stops_the_start(entry: str) -> None:
    with pytest.raises(Invalid) as refused:
        Exceptions.parse(f"fine:443=10.0.0.0/8\n# a remark\n{entry}", never_ports=frozenset({5432, 6379, 7777}))
    assert (refused.value.code, refused.value.params) == ("exceptions_never", {"entry": 2})


@pytest.mark.parametrize("network", ["10.0.0.0/8", "0.0.0.0/0", "::/0", "127.0.0.0/8", "fd00::/8", "100.64.0.0/10"])
def test_an_exception_for_what_may_be_opened_is_taken(network: str) -> None:
    assert Exceptions.parse(f"llm:443={network}").triples[0].network == ip_network(network)
