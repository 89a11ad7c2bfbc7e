"""P8: the way to an endpoint, step by step; each step that passed is told, the first that fails ends it."""

import asyncio
import re

import pytest

from moorage.egress.door import Door, Finding, Limits
from moorage.egress.policy import AddressPolicy, Exceptions
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from tests.egress.harbour import ANYBODY, GOOD, INTERNAL, SECOND, Harbour, ScriptedResolver, answer


async def walk(door: Door, endpoint: Endpoint) -> tuple[list[Finding], EndpointFailure | None]:
    findings: list[Finding] = []
    try:
        async for finding in door.survey(ANYBODY, endpoint):
            findings.append(finding)  # noqa: PERF401 - those that passed count although the next one raises
    except EndpointFailure as failure:
        return findings, failure
    return findings, None


def steps(findings: list[Finding]) -> list[str]:
    return [finding.step for finding in findings]


async def test_a_good_way_has_four_steps_and_tells_no_address(harbour: Harbour) -> None:
    server = await harbour.serve(answer(b"{}"))
    findings, failure = await walk(harbour.door(ScriptedResolver([GOOD, SECOND])), harbour.endpoint())
    assert failure is None
    assert steps(findings) == ["dns", "address", "tcp", "tls"]
    dns, address, tcp, tls = (finding.facts for finding in findings)
    assert (dns, address, tcp) == ({}, {"addresses": 2}, {"ip_version": 4})
    assert str(tls["version"]).startswith("TLSv1.")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(tls["expires_on"]))
    assert str(tls["issuer"]).startswith("trustme")
    assert all(finding.ms >= 0 for finding in findings)
    assert "127.0.0" not in repr(findings)
    assert "llm.test" not in repr(findings)
    assert server.heads == []
    assert server.connections == 1


@pytest.mark.parametrize("addresses", [[], [INTERNAL], [GOOD, INTERNAL], ["169.254.169.254"]], ids=str)
async def test_an_unknown_name_and_an_internal_one_fail_alike(harbour: Harbour, addresses: list[str]) -> None:
    server = await harbour.serve(answer(b"{}"))
    victim = await harbour.victim()
    findings, failure = await walk(harbour.door(ScriptedResolver(addresses)), harbour.endpoint())
    assert findings == []
    assert failure is not None
    assert (failure.code, failure.params) == ("address_not_public", {})
    assert server.connections == victim.connections == 0


async def test_a_literal_needs_no_lookup(harbour: Harbour) -> None:
    await harbour.serve(answer(b"{}"), at=SECOND, names=[SECOND])
    resolver = ScriptedResolver([INTERNAL])
    policy = AddressPolicy(Exceptions.parse(f"{SECOND}:{harbour.port}=127.0.0.2/32"))
    findings, failure = await walk(harbour.door(resolver, policy=policy), harbour.endpoint(SECOND))
    assert (steps(findings), failure, resolver.asked) == (["dns", "address", "tcp", "tls"], None, [])


async def test_a_closed_port_fails_at_tcp(harbour: Harbour) -> None:
    await harbour.victim()
    findings, failure = await walk(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint())
    assert steps(findings) == ["dns", "address"]
    assert failure is not None
    assert (failure.code, failure.params) == ("connect_refused", {"port": harbour.port})


@pytest.mark.parametrize(
    ("names", "expired", "code"), [(["other.test"], False, "tls_name"), (["llm.test"], True, "tls_expired")]
)
async def test_a_wrong_certificate_fails_at_tls(harbour: Harbour, names: list[str], expired: bool, code: str) -> None:
    await harbour.serve(answer(b"{}"), names=names, expired=expired)
    findings, failure = await walk(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint())
    assert steps(findings) == ["dns", "address", "tcp"]
    assert failure is not None
    assert failure.code == code


async def test_an_unknown_authority_fails_at_tls(harbour: Harbour) -> None:
    await harbour.serve(answer(b"{}"))
    door = Door(policy=AddressPolicy(harbour.exceptions()), resolver=ScriptedResolver([GOOD]))
    findings, failure = await walk(door, harbour.endpoint())
    assert steps(findings) == ["dns", "address", "tcp"]
    assert failure is not None
    assert failure.code == "tls_untrusted"


async def test_plain_http_fails_at_tls(harbour: Harbour) -> None:
    async def banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    await harbour.serve_plain(banner)
    findings, failure = await walk(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint())
    assert steps(findings) == ["dns", "address", "tcp"]
    assert failure is not None
    assert failure.code == "tls_failed"


async def test_silence_after_tcp_fails_at_tls(harbour: Harbour) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass

    server = await harbour.serve_plain(silent)
    door = harbour.door(ScriptedResolver([GOOD]), limits=Limits(connect_timeout_s=0.2))
    findings, failure = await walk(door, harbour.endpoint())
    assert steps(findings) == ["dns", "address", "tcp"]
    assert failure is not None
    assert failure.code == "tls_failed"
    await asyncio.wait_for(server.closed.wait(), 10)


async def test_a_survey_left_early_closes_its_socket(harbour: Harbour) -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    server = await harbour.serve_plain(wait)
    survey = harbour.door(ScriptedResolver([GOOD])).survey(ANYBODY, harbour.endpoint())
    async for finding in survey:
        if finding.step == "tcp":
            break
    await survey.aclose()
    await asyncio.wait_for(server.closed.wait(), 10)
