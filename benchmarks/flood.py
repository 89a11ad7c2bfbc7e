"""A process that sends prepared requests at a steady rate, whatever becomes of the earlier ones, and counts answers.

`python -m benchmarks.flood FILE` reads JSON: {"port", "per_minute", "requests": [text, …]}; it sends each once and
prints {"seconds", "statuses", "codes"}: how often each HTTP status and each code of a failed stage came.
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import uvloop

PATIENCE_S: Final = 20.0
_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_CODE: Final = re.compile(rb'"code":"(\w+)"')
_LAST_CHUNK: Final = b"0\r\n\r\n"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Flood:
    """Sends, with as many connections as are needed at once, each kept for the next."""

    def __init__(self, port: int) -> None:
        self.statuses: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self._port = port
        self._free: list[Connection] = []

    async def send(self, request: bytes) -> None:
        """Send one request and count its answer."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                connection = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
                connection[1].write(request)
                status, body = await _read_answer(connection[0])
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self.statuses[type(error).__name__] += 1
            return
        self._free.append(connection)
        self.statuses[status] += 1
        if code := _CODE.search(body):
            self.codes[code[1].decode()] += 1

    def close(self) -> None:
        """Hang up."""
        for _, writer in self._free:
            writer.close()


async def _read_answer(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if length is not None:
        body = await reader.readexactly(int(length[1]))
    else:
        body = await reader.readuntil(_LAST_CHUNK)
    return head.split(b" ", 2)[1].decode(), body


async def run(orders: dict[str, Any]) -> dict[str, Any]:
    """Send everything at its time."""
    flood = Flood(orders["port"])
    pause_s = 60 / orders["per_minute"]
    began = time.monotonic()
    tasks = []
    for number, text in enumerate(orders["requests"]):
        await asyncio.sleep(max(0.0, began + number * pause_s - time.monotonic()))
        tasks.append(asyncio.create_task(flood.send(text.encode())))
    sent_s = time.monotonic() - began
    await asyncio.gather(*tasks)
    flood.close()
    return {"seconds": round(sent_s, 2), "statuses": flood.statuses, "codes": flood.codes}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.loads(Path(sys.argv[1]).read_text("utf-8"))))))
