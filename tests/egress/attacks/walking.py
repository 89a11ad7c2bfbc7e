"""How the tests of the table go through the door: the only place here that knows how a line is asked for."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from ipaddress import ip_address

from moorage.egress.door import Door, Finding, Line
from moorage.egress.policy import Address
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from tests.egress.harbour import ANYBODY


def line(door: Door, endpoint: Endpoint) -> Line:
    """Ask for the way to an endpoint, always for the same connection."""
    return door.line(ANYBODY, endpoint)


def survey(door: Door, endpoint: Endpoint) -> AsyncGenerator[Finding, None]:
    """Survey the way to an endpoint."""
    return door.survey(ANYBODY, endpoint)


async def judged(door: Door, endpoint: Endpoint) -> int:
    """Give how many addresses passed the policy, before anything is dialled. Raises EndpointFailure."""
    async with aclosing(survey(door, endpoint)) as findings:
        assert (await anext(findings)).step == "dns"
        return int((await anext(findings)).facts["addresses"])


async def refusal(door: Door, endpoint: Endpoint) -> EndpointFailure:
    """Give what a survey is refused with."""
    try:
        async with aclosing(survey(door, endpoint)) as findings:
            finding = await anext(findings)
    except EndpointFailure as failure:
        return failure
    raise AssertionError(f"it was let through: {finding.step}")


class Script:
    """A lookup that answers every question alike and remembers what it was asked."""

    def __init__(self, answer: Sequence[str] = ()) -> None:
        self._answer = [ip_address(text) for text in answer]
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> list[Address]:
        self.asked.append((host, port))
        return self._answer
