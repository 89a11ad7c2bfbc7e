"""`python -m benchmarks.dead`: do ten dead endpoints slow picker and lists? Medians with ten that live, ten that died.

Two hubs with the same rows take turns. Behind one of them the endpoints take every connection and say nothing, and the
watch looks at them all the time: the worst that P22 allows for.
"""

import asyncio
import contextlib
import ssl
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx2

from benchmarks.machine import describe
from benchmarks.stage import MODEL_KEY, Hub, run_endpoint, run_hub

TEN: Final = 10
ROUNDS: Final = 30
PATHS: Final = ("/api/models", "/api/connections", "/api/attention")
_LIST: Final = b'{"object":"list","data":[{"id":"steady","object":"model"}]}'


class Mortals:
    """Ten servers that list one model each, until they die: then they hold every connection in silence."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.are_dead = False
        self.held = 0

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after another, or never."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await reader.readuntil(b"\r\n\r\n"):
                if self.are_dead:
                    self.held += 1
                    await reader.read()
                    break
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(_LIST), _LIST))
                await writer.drain()
        writer.transport.abort()


@contextlib.asynccontextmanager
async def run_mortals(folder: Path) -> AsyncIterator[Mortals]:
    """Serve on ten ports, with the certificate of the benchmark's authority."""
    mortals = Mortals()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(TEN):
            server = await asyncio.start_server(mortals.speak, "127.0.0.1", 0, ssl=tls)
            stack.callback(server.close)
            mortals.ports.append(int(server.sockets[0].getsockname()[1]))
        yield mortals


async def patiently(client: httpx2.AsyncClient, path: str, body: Mapping[str, object]) -> httpx2.Response:
    """Post, and wait as long as the pace of tests asks for (docs/limits.md)."""
    while (answer := await client.post(path, json=body)).status_code == httpx2.codes.TOO_MANY_REQUESTS:  # noqa: ASYNC110 - a server says when
        await asyncio.sleep(float(answer.headers["retry-after"]))
    return answer.raise_for_status()


async def connect_ten(client: httpx2.AsyncClient, ports: Sequence[int]) -> None:
    """Connect all, and have their lists read once: the watch looks at what has a list."""
    for number, port in enumerate(ports):
        body = {
            "name": f"Endpoint {number}",
            "base_url": f"https://localhost:{port}/v1",
            "api_key": MODEL_KEY,
            "models": [{"model_id": "steady", "enabled": True}],
        }
        made = (await patiently(client, "/api/connections", body)).json()
        await patiently(client, f"/api/connections/{made['id']}/discovery", {})


async def median_ms(hub: Hub, path: str, rounds: int) -> float:
    """Ask for a page's data some times."""
    client, took = hub.writers[0].client, []
    for _ in range(rounds):
        began = time.perf_counter()
        (await client.get(path)).raise_for_status()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


async def run(folder: Path) -> None:
    """Measure and print."""
    async with run_endpoint(folder) as endpoint, run_mortals(folder) as living, run_mortals(folder) as dying:
        settings = [
            {
                "CHECK_EVERY_S": "1",
                "EGRESS_ALLOW": ",".join(f"localhost:{port}=127.0.0.1/32" for port in (endpoint.port, *mortals.ports)),
            }
            for mortals in (living, dying)
        ]
        async with (
            run_hub(folder / "living", endpoint, ["steady"], settings[0]) as with_living,
            run_hub(folder / "dying", endpoint, ["steady"], settings[1]) as with_dead,
        ):
            both = ((with_living, living), (with_dead, dying))
            await asyncio.gather(*(connect_ten(hub.writers[0].client, mortals.ports) for hub, mortals in both))
            dying.are_dead = True
            await asyncio.sleep(90)  # plans are begun within a minute and a bit
            print(describe())
            for path in PATHS:
                rows = [
                    (await median_ms(with_living, path, 5), await median_ms(with_dead, path, 5)) for _ in range(ROUNDS)
                ]
                alive, dead = (statistics.median(column) for column in zip(*rows, strict=True))
                print(f"{path:18} ten living {alive:6.2f} ms   ten dead {dead:6.2f} ms   ratio {dead / alive:.2f}")
            print(f"silent connections that were held meanwhile: {dying.held}")


def main() -> None:
    """Run it in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="moorage-bench-") as folder:
        asyncio.run(run(Path(folder)))


if __name__ == "__main__":
    main()
