"""`python -m benchmarks.door [--write]`: what the door costs beside a bare session, and what refusals cost others.

Less than three minutes. `--write` puts the section into docs/performance.md.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import aiohttp
import uvloop

from benchmarks import gaps
from benchmarks.machine import allow_many_files, describe
from benchmarks.stage import MODEL_KEY, Endpoint, run_endpoint, run_hub
from moorage.egress.door import Door, Limits, Outbound, Scope
from moorage.egress.policy import AddressPolicy, Exceptions
from moorage.egress.resolver import SystemResolver
from moorage.egress.trust import build_tls_context
from moorage.egress.urls import Endpoint as Address
from moorage.vault.secret import Secret
from tests.support.serving import ROOT

ARTIFACT: Final = Path("artifacts/door.json")
DOCUMENT: Final = ROOT / "docs" / "performance.md"
BEGIN: Final = "<!-- begin: written by python -m benchmarks.door -->"
END: Final = "<!-- end -->"
PATH: Final = "/v1/models"
ROUNDS, WARM_REQUESTS, COLD_REQUESTS = 40, 60, 8
GAP_ROUNDS, GAP_ANSWERS = 3, 3
MOST_PART, MOST_MS = 0.05, 1.0

Ask = Callable[[], Awaitable[None]]


class Ways:
    """The same request by both ways: same server, same TLS context, same headers, nothing decompressed, no cookies."""

    def __init__(self, endpoint: Endpoint) -> None:
        loopback = ",".join(f"localhost:{endpoint.port}={network}" for network in ("127.0.0.1/32", "::1/128"))
        self._resolver = SystemResolver()
        self._door = Door(
            policy=AddressPolicy(Exceptions.parse(loopback)),
            resolver=self._resolver,
            extra_ca_file=endpoint.ca_file,
            limits=Limits(),
        )
        self._line = self._door.line(Scope("team", "connection"), Address("localhost", endpoint.port, ""))
        self._outbound = Outbound(method="GET", path=PATH, headers={"authorization": Secret(MODEL_KEY)})
        self._tls = build_tls_context(endpoint.ca_file)
        self._url = f"https://localhost:{endpoint.port}{PATH}"
        self._session = self._new_session()

    def _new_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls),
            headers={"authorization": f"Bearer {MODEL_KEY}", "accept-encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def by_door(self) -> None:
        """Ask over a kept connection."""
        _require((await self._line.fetch(self._outbound)).status)

    async def bare(self) -> None:
        """Ask over a kept connection."""
        async with self._session.get(self._url, allow_redirects=False) as response:
            await response.read()
            _require(response.status)

    async def by_door_anew(self) -> None:
        """Look up, connect, shake hands, ask."""
        await self._door.hang_up("connection")
        await self.by_door()

    async def bare_anew(self) -> None:
        """Look up, connect, shake hands, ask."""
        await self._session.close()
        self._session = self._new_session()
        await self.bare()

    async def aclose(self) -> None:
        """Let go."""
        await self._session.close()
        await self._door.aclose()
        self._resolver.close()


async def measure_requests(endpoint: Endpoint) -> dict[str, Any]:
    """Alternate both ways; medians of the medians of all rounds."""
    ways = Ways(endpoint)
    try:
        for ask in (ways.by_door, ways.bare):
            await _round(ask, WARM_REQUESTS)
        return {
            "warm": await _alternate(ways.by_door, ways.bare, WARM_REQUESTS),
            "cold": await _alternate(ways.by_door_anew, ways.bare_anew, COLD_REQUESTS),
        }
    finally:
        await ways.aclose()


async def _alternate(by_door: Ask, bare: Ask, requests: int) -> dict[str, float]:
    pairs = []
    for number in range(ROUNDS):
        if number % 2:
            door_ms, bare_ms = await _round(by_door, requests), await _round(bare, requests)
        else:
            bare_ms, door_ms = await _round(bare, requests), await _round(by_door, requests)
        pairs.append((door_ms, bare_ms))
    return {
        "requests": ROUNDS * requests,
        "door_ms": round(statistics.median(door for door, _ in pairs), 3),
        "bare_ms": round(statistics.median(bare for _, bare in pairs), 3),
        "added_ms": round(statistics.median(door - bare for door, bare in pairs), 3),
        "ratio": round(statistics.median(door / bare for door, bare in pairs), 3),
    }


async def _round(ask: Ask, requests: int) -> float:
    took = []
    for _ in range(requests):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def _require(status: int) -> None:
    if status != 200:
        raise RuntimeError(f"answered {status}")


def lines_of(results: dict[str, Any]) -> list[str]:
    """Write the section."""
    machine, took_s = results["machine"], results["took_s"]
    place = f"{machine['processors']} shared processors ({machine['processor']}, Python {machine['python']})"
    heads = ["one GET of a model list, TLS", "each way", "bare aiohttp, ms", "the door, ms", "added, ms", "ratio"]
    written = [
        f"Measured on {place}, load average before: {machine['load_average_before']}; the command took {took_s} s.",
        "",
        _row(*heads, f"aim: at most {MOST_PART:.0%} and {MOST_MS:g} ms"),
        _row(*["---"] * (len(heads) + 1)),
    ]
    for title, key in (("over a kept connection", "warm"), ("with lookup, TCP and TLS", "cold")):
        got = results[key]
        aim = (
            f"{MOST_PART:.0%} {_met(got['ratio'] <= 1 + MOST_PART)} · {MOST_MS:g} ms {_met(got['added_ms'] <= MOST_MS)}"
        )
        requests = f"{got['requests']:,}"
        written.append(_row(title, requests, got["bare_ms"], got["door_ms"], got["added_ms"], got["ratio"], aim))
    heads = [f"beside {gaps.STREAMS} streams of 100 words a second", "a minute", "gaps", "p50, ms", "p99, ms"]
    written += ["", _row(*heads, "p99 of each round", "worst, ms"), _row(*["---"] * (len(heads) + 2))]
    for condition, got in results["gaps"].items():
        by_round = " · ".join(str(value) for value in got["p99_by_round_ms"])
        counts = (f"{got['per_minute']:,}", f"{got['gaps']:,}")
        written.append(_row(condition, *counts, got["p50_ms"], got["p99_ms"], by_round, got["worst_ms"]))
    codes = results["gaps"]["refused addresses"]["codes"]
    return [*written, "", f"Refused as: {', '.join(f'`{code}` {count:,}' for code, count in sorted(codes.items()))}."]


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _met(*aims: bool) -> str:
    return "met" if all(aims) else "**missed**"


async def _run(folder: Path) -> dict[str, Any]:
    results: dict[str, Any] = {"machine": describe()}
    async with run_endpoint(folder) as endpoint:
        _say("single requests")
        results |= await measure_requests(endpoint)
        _say("a stream beside refused addresses")
        async with run_hub(folder / "hub", endpoint, [gaps.MODEL], {"EGRESS_REFUSE": gaps.OWN_DOMAIN}) as hub:
            results["gaps"] = await gaps.compare(hub, folder, rounds=GAP_ROUNDS, answers=GAP_ANSWERS)
    return results


def _say(doing: str) -> None:
    print(f"… {doing}", flush=True)


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write the section into {DOCUMENT.relative_to(ROOT)}")
    asked = parser.parse_args()
    allow_many_files()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="moorage-door-") as folder:
        results = uvloop.run(_run(Path(folder)))
    results["took_s"] = round(time.monotonic() - began)
    ARTIFACT.parent.mkdir(exist_ok=True)
    ARTIFACT.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    section = "\n".join(lines_of(results))
    print(f"\n{section}\n\nfigures in {ARTIFACT}")
    if asked.write:
        before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n{section}\n\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    main()
