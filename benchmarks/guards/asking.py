"""How a client is run: a process that reads URLs, asks each with its client, and says what became of it.

Standard library only, because it runs in the environment of the published guards as well.
"""

import asyncio
import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final

PATIENCE_S: Final = 8.0


class Asker(ABC):
    """One client, made new for every attack."""

    @abstractmethod
    async def ask(self, url: str) -> int:
        """Send GET; give the status, or raise whatever the client raises."""

    async def aclose(self) -> None:  # noqa: B027 - most have something to let go of, not all
        """Let go of connections."""


async def serve(kinds: Mapping[str, type[Asker]], which: str) -> None:
    """Ask as told on standard input: {"url": …, "keeps_client": …}; say the status or the kind of error."""
    asker: Asker | None = None
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        if asker is None or not order["keeps_client"]:
            if asker is not None:
                await asker.aclose()
            asker = kinds[which]()
        try:
            async with asyncio.timeout(PATIENCE_S):
                said = str(await asker.ask(order["url"]))
        except Exception as error:  # noqa: BLE001 - every client has errors of its own, and all of them are an answer
            said = type(error).__name__
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
    if asker is not None:
        await asker.aclose()
