"""The measurements: each gives plain figures, and refuses to give any if a word is missing."""

import asyncio
import contextlib
import resource
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from benchmarks.machine import cpu_s, peak_kib, rss_kib
from benchmarks.stage import Endpoint, Hub
from benchmarks.streams import Client, Stream, Target
from tests.support.serving import Serving

OPEN_PER_S: Final = 120
PACED_WORDS: Final = 200


@dataclass(frozen=True)
class Way:
    """One of the two ways to the same model server."""

    name: str
    target: Target
    endpoint: Endpoint
    hub: Hub | None

    async def requests(self, model: str, count: int) -> list[bytes]:
        """Write `count` requests; for Moorage each is the first message of a conversation of its own."""
        if self.hub is not None:
            return await self.hub.requests(model, count)
        return [self.endpoint.request(self.target, model)] * count

    def pids(self) -> dict[str, int]:
        """Name the processes that work on this way, beside the client."""
        hub = {} if self.hub is None else {"moorage": self.hub.pid}
        return {"endpoint": self.endpoint.pid, **hub}


@dataclass
class Sample:
    """One round: words per second, times to first token, processor seconds by process."""

    words_per_s: float
    ttft_ms: list[float]
    elapsed_s: float
    cpu_s: dict[str, float] = field(default_factory=dict)


@contextlib.asynccontextmanager
async def clients_of(target: Target, count: int, kind: type[Client] = Client) -> AsyncIterator[list[Client]]:
    """Open `count` connections."""
    clients = [await kind.open(target) for _ in range(count)]
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


async def burst(way: Way, streams: int, words: int) -> Sample:
    """Ask for `streams` answers of `words` words at once, each as fast as it comes."""
    requests = await way.requests(f"burst-{words}", streams)
    async with clients_of(way.target, streams) as clients:
        before = _cpu(way)
        for client, request in zip(clients, requests, strict=True):
            client.begin(request)
        done = [await client.ended() for client in clients]
        used = _used(before, _cpu(way))
    _require_words(done, words)
    elapsed_s = max(one.ended_at for one in done) - min(one.asked_at for one in done)
    return Sample(streams * words / elapsed_s, [one.ttft_ms for one in done], elapsed_s, used)


async def one_by_one(way: Way, count: int) -> Sample:
    """Ask one short question after the other on one connection: what a person alone would wait."""
    requests = await way.requests("burst-20", count)
    async with clients_of(way.target, 1) as (client,):
        await client.ask(requests.pop())
        before, began = _cpu(way), time.perf_counter()
        done = [await client.ask(request) for request in requests]
        elapsed_s, used = time.perf_counter() - began, _used(before, _cpu(way))
    _require_words(done, 20)
    return Sample(0, [one.ttft_ms for one in done], elapsed_s, used)


async def crowd(way: Way, streams: int, rounds: int) -> Sample:
    """Keep `streams` answers of 100 words a second open, each followed by the next: what one of many waits."""
    requests = iter(await way.requests("paced-100", streams * rounds))
    done: list[Stream] = []
    async with clients_of(way.target, streams) as clients:

        async def keep_asking(number: int, client: Client) -> None:
            # Spread over the two seconds that an answer takes, as people's questions are.
            await asyncio.sleep(number / streams * PACED_WORDS / 100)
            done.extend([await client.ask(next(requests)) for _ in range(rounds)])

        before, began = _cpu(way), time.perf_counter()
        await asyncio.gather(*(keep_asking(number, client) for number, client in enumerate(clients)))
        elapsed_s, used = time.perf_counter() - began, _used(before, _cpu(way))
    _require_words(done, PACED_WORDS)
    return Sample(len(done) * PACED_WORDS / elapsed_s, [one.ttft_ms for one in done], elapsed_s, used)


async def hold_open(hub: Hub, streams: int, hold_s: float) -> dict[str, Any]:
    """Open many streams of one word a second and look at the server's memory while they run."""
    requests = await hub.requests("paced-1", streams)
    idle_kib = rss_kib(hub.pid)
    clients: list[Client] = []
    began = time.perf_counter()
    for number, request in enumerate(requests):
        await asyncio.sleep(max(0.0, began + number / OPEN_PER_S - time.perf_counter()))
        client = await Client.open(hub.target)
        client.begin(request)
        clients.append(client)
    while not all(client.stream.words for client in clients):
        if time.perf_counter() - began > 120:
            raise RuntimeError(f"only {sum(1 for one in clients if one.stream.words)} of {streams} streams began")
        await asyncio.sleep(0.1)
    opened_s = time.perf_counter() - began
    words, used, open_kib = _words(clients), cpu_s(hub.pid), rss_kib(hub.pid)
    await asyncio.sleep(hold_s)
    result = {
        "streams": streams,
        "opened_in_s": round(opened_s, 1),
        "idle_mib": round(idle_kib / 1024, 1),
        "open_mib": round(open_kib / 1024, 1),
        "after_hold_mib": round(rss_kib(hub.pid) / 1024, 1),
        "peak_mib": round(peak_kib(hub.pid) / 1024, 1),
        "kib_per_stream": round((rss_kib(hub.pid) - idle_kib) / streams, 1),
        "words_per_s": round((_words(clients) - words) / hold_s),
        "cpu_share": round((cpu_s(hub.pid) - used) / hold_s, 2),
        "ttft_median_ms": round(statistics.median(client.stream.ttft_ms for client in clients), 1),
    }
    for client in clients:
        client.close()
    return result


async def start_up(folder: Path, times: int, *, fresh: bool) -> dict[str, Any]:
    """Start the server `times` times, on an empty folder or on one that is there; wall seconds until it is ready."""
    walls, used = [], []
    if not fresh:
        await _start_once(Serving(folder / "kept", {}))
    for number in range(times):
        wall_s, processor_s = await _start_once(Serving(folder / (f"fresh{number}" if fresh else "kept"), {}))
        walls.append(wall_s)
        used.append(processor_s)
    return {
        "median_s": round(statistics.median(walls), 2),
        "worst_s": round(max(walls), 2),
        "cpu_median_s": round(statistics.median(used), 2),
    }


async def _start_once(serving: Serving) -> tuple[float, float]:
    began = time.perf_counter()
    try:
        url = await serving.start()
        async with httpx2.AsyncClient(base_url=url, timeout=20, trust_env=False) as client:
            (await client.get("/api/health/ready")).raise_for_status()
            wall_s, processor_s = time.perf_counter() - began, cpu_s(serving.pid)
        await serving.stop()
    finally:
        await serving.close()
    return wall_s, processor_s


def _require_words(done: Sequence[Stream], words: int) -> None:
    wrong = [stream.words for stream in done if stream.words != words]
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {len(done)} answers are not of {words} words, the first of {wrong[0]}")


def _words(clients: Sequence[Client]) -> int:
    return sum(client.stream.words for client in clients)


def _cpu(way: Way) -> dict[str, float]:
    mine = resource.getrusage(resource.RUSAGE_SELF)
    return {"client": mine.ru_utime + mine.ru_stime, **{name: cpu_s(pid) for name, pid in way.pids().items()}}


def _used(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: after[name] - before[name] for name in before}
