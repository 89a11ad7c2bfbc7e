"""Does a flood of refused URLs slow a running stream? Gaps between the words of paced answers, with and without it.

Three conditions take turns: nothing else; as many harmless requests; as many addresses that are refused. The second
tells what traffic as such costs on a machine that client, flood and server share.
"""

import asyncio
import itertools
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from benchmarks.measure import clients_of
from benchmarks.stage import PASSWORD, Hub
from benchmarks.streams import WORD, Client, Target
from tests.support.serving import ROOT

PER_MINUTE: Final = 10_000
TESTS_PER_TEAM: Final = 10  # the product admits ten a minute
STREAMS: Final = 4
MODEL: Final = "paced-100"
ANSWER_S: Final = 2.0
SIGN_UPS_AT_ONCE: Final = 3
OWN_DOMAIN: Final = ".own.example"

# Half of them get as far as the door, which holds its refusal back for two seconds; nobody is asked about the names.
REFUSED: Final = (
    "https://llm-{}.own.example/v1",
    "https://10.0.0.5/v1/{}",
    "https://llm-{}.own.example/v1",
    "https://someone@llm-{}.example/v1",
)


class Timed(Client):
    """Notes when words come."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps_ms: list[float] = []
        self._came_at = 0.0

    def begin(self, request: bytes) -> None:
        """Begin an answer; the wait for its first word is no gap."""
        self._came_at = 0.0
        super().begin(request)

    def data_received(self, data: bytes) -> None:
        """Note the gap."""
        now = time.perf_counter()
        super().data_received(data)
        if WORD in data:
            if self._came_at:
                self.gaps_ms.append((now - self._came_at) * 1000)
            self._came_at = now


@dataclass
class Seen:
    """What was seen under one condition."""

    gaps_ms: list[float] = field(default_factory=list)
    p99s_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0
    sent: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, gaps_ms: list[float]) -> None:
        """Add a round."""
        self.gaps_ms += gaps_ms
        self.p99s_ms.append(percentile(gaps_ms, 0.99))

    def told(self) -> dict[str, Any]:
        """Give the figures."""
        return {
            "gaps": len(self.gaps_ms),
            "p50_ms": round(statistics.median(self.gaps_ms), 2),
            "p99_ms": round(percentile(self.gaps_ms, 0.99), 2),
            "p99_by_round_ms": [round(value, 2) for value in self.p99s_ms],
            "worst_ms": round(max(self.gaps_ms), 2),
            "per_minute": round(self.sent / self.seconds * 60) if self.seconds else 0,
            "statuses": dict(self.statuses),
            "codes": dict(self.codes),
        }


def percentile(values: Sequence[float], part: float) -> float:
    """Give the value below which this part of all lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


async def compare(hub: Hub, folder: Path, *, rounds: int, answers: int) -> dict[str, Any]:
    """Let the three conditions take turns."""
    seconds = answers * ANSWER_S
    per_round = round(PER_MINUTE / 60 * seconds)
    refused = iter(await refusable(hub, per_round * rounds))
    harmless = hub.target.request("/api/health/live", b"").replace(b"POST", b"GET", 1).decode()
    seen = {"nothing": Seen(), "harmless requests": Seen(), "refused addresses": Seen()}
    for number in range(rounds):
        turn = list(seen)[number % len(seen) :] + list(seen)[: number % len(seen)]
        for condition in turn:
            texts: list[str] = []
            if condition == "harmless requests":
                texts = [harmless] * per_round
            elif condition == "refused addresses":
                texts = list(itertools.islice(refused, per_round))
            await one_round(hub, folder, texts, answers, seen[condition])
    flooded = seen["refused addresses"]
    if sum(flooded.codes.values()) != per_round * rounds or set(flooded.statuses) != {"200"}:
        raise RuntimeError(f"not every address was tested and refused: {flooded.statuses} {flooded.codes}")
    return {name: one.told() for name, one in seen.items()}


async def one_round(hub: Hub, folder: Path, texts: Sequence[str], answers: int, seen: Seen) -> None:
    """Read some answers while the flood runs; then let the flood end."""
    requests = iter(await hub.requests(MODEL, STREAMS * answers))
    flood = await _start_flood(folder, hub.target.port, texts) if texts else None
    async with clients_of(hub.target, STREAMS, Timed) as clients:

        async def read(client: Client) -> None:
            for _ in range(answers):
                await client.ask(next(requests))

        await asyncio.gather(*(read(client) for client in clients))
        seen.add([gap for client in clients if isinstance(client, Timed) for gap in client.gaps_ms])
    if flood is not None:
        said, _ = await flood.communicate()
        told = json.loads(said)
        seen.seconds += told["seconds"]
        seen.sent += sum(told["statuses"].values())
        seen.statuses.update(told["statuses"])
        seen.codes.update(told["codes"])


async def _start_flood(folder: Path, port: int, texts: Sequence[str]) -> asyncio.subprocess.Process:
    orders = folder / "flood.json"
    orders.write_text(json.dumps({"port": port, "per_minute": PER_MINUTE, "requests": texts}), "utf-8")
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.flood", str(orders), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )


async def refusable(hub: Hub, count: int) -> list[str]:
    """Write requests that test a refused address, each team sending no more than it may."""
    numbers = iter(range(-(-count // TESTS_PER_TEAM)))
    teams: list[Target] = []

    async def sign_up() -> None:
        teams.extend([await _team(hub, number) for number in numbers])

    await asyncio.gather(*(sign_up() for _ in range(SIGN_UPS_AT_ONCE)))
    return list(itertools.islice(_written(teams), count))


def _written(teams: Sequence[Target]) -> Iterator[str]:
    urls = itertools.cycle(REFUSED)
    for number in itertools.count():
        body = {"base_url": next(urls).format(number), "api_key": "sk-benchmark", "model_id": None}
        yield teams[number % len(teams)].request("/api/connection-tests", json.dumps(body).encode()).decode()


async def _team(hub: Hub, number: int) -> Target:
    account = {
        "name": f"Olga {number}",
        "email": f"olga{number}@refused.example",
        "password": PASSWORD,
        "team_name": f"Team {number}",
    }
    headers = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}
    async with httpx2.AsyncClient(base_url=hub.serving.url, headers=headers, timeout=60, trust_env=False) as client:
        session: dict[str, Any] = (await client.post("/api/sign-up", json=account)).raise_for_status().json()
        cookie = "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
    sent = {**hub.target.headers, "cookie": cookie, "x-csrf-token": session["csrf_token"]}
    return Target(hub.target.port, None, sent)
