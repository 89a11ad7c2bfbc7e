"""Moorage's door with its defaults: a base URL is read, the line to it is asked; no operator has excepted anything.

Refusals are told at once instead of two seconds after the question, which changes who is told when, and nothing else.
"""

import asyncio
import os
import sys
from pathlib import Path

import structlog

from benchmarks.guards.asking import Asker, serve
from moorage.egress.door import Door, Limits, Outbound, Scope
from moorage.egress.policy import AddressPolicy
from moorage.egress.resolver import SystemResolver
from moorage.egress.urls import parse_base_url

PATH = "/v1/models"


class MoorageDoor(Asker):
    """The door, as the product builds it."""

    def __init__(self) -> None:
        self.resolver = SystemResolver()
        self.door = Door(
            policy=AddressPolicy(),
            resolver=self.resolver,
            extra_ca_file=Path(os.environ["SSL_CERT_FILE"]),
            limits=Limits(refusal_after_s=0.0),
        )

    async def ask(self, url: str) -> int:
        """Read the base URL, then ask below it."""
        endpoint = parse_base_url(url.removesuffix(PATH))
        answer = await self.door.line(Scope("team", "connection"), endpoint).fetch(Outbound(method="GET", path=PATH))
        return answer.status

    async def aclose(self) -> None:
        """Let go."""
        await self.door.aclose()
        self.resolver.close()


if __name__ == "__main__":
    # Standard output is for answers; what the door tells operators goes beside.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(serve({"moorage": MoorageDoor}, sys.argv[1]))
