"""`python -m benchmarks [--quick]`: the same streams straight to a model server and through Moorage, in turn."""

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.machine import allow_many_files, describe, peak_kib, rss_kib
from benchmarks.measure import Sample, Way, burst, crowd, hold_open, one_by_one, start_up
from benchmarks.report import added_ttft_ms, lines_of, ratio, summarise
from benchmarks.stage import run_endpoint, run_hub

ARTIFACT = Path("artifacts/benchmarks.json")


@dataclass(frozen=True)
class Plan:
    """How much of everything. `bursts` maps streams to words of each."""

    rounds: int
    bursts: dict[int, int]
    questions: int
    crowds: tuple[int, ...]
    crowd_rounds: int
    crowd_answers: int
    open_streams: int
    hold_s: float
    starts: int


FULL = Plan(
    rounds=5,
    bursts={1: 60_000, 32: 8_000, 100: 2_500},
    questions=200,
    crowds=(32, 100),
    crowd_rounds=3,
    crowd_answers=3,
    open_streams=2_000,
    hold_s=15,
    starts=5,
)
QUICK = Plan(
    rounds=2,
    bursts={1: 30_000, 32: 3_000, 100: 1_000},
    questions=60,
    crowds=(32,),
    crowd_rounds=1,
    crowd_answers=2,
    open_streams=300,
    hold_s=3,
    starts=2,
)


async def _run(plan: Plan, folder: Path) -> dict[str, Any]:
    results: dict[str, Any] = {"machine": describe(), "plan": vars(plan)}
    _say("start-up")
    results["start_fresh"] = await start_up(folder, plan.starts, fresh=True)
    results["start_kept"] = await start_up(folder, plan.starts, fresh=False)
    models = [*(f"burst-{words}" for words in (20, *plan.bursts.values())), "paced-100", "paced-1"]
    async with run_endpoint(folder) as endpoint:
        async with run_hub(folder / "hub", endpoint, models) as hub:
            direct = Way("direct", endpoint.target(), endpoint, None)
            through = Way("moorage", hub.target, endpoint, hub)
            idle_kib = rss_kib(hub.pid)
            results["burst"] = [await _compare_bursts(plan, direct, through, *row) for row in plan.bursts.items()]
            results["first_word"] = await _compare_first_words(plan, direct, through)
            results["memory"] = {
                "idle_mib": round(idle_kib / 1024, 1),
                "now_mib": round(rss_kib(hub.pid) / 1024, 1),
                "peak_mib": round(peak_kib(hub.pid) / 1024, 1),
            }
        # A server of its own, so that its memory holds nothing of what was measured before.
        async with run_hub(folder / "open", endpoint, models) as hub:
            _say(f"{plan.open_streams} open streams")
            results["open"] = await hold_open(hub, plan.open_streams, plan.hold_s)
    results["aims"] = {
        "chunks_per_s_at_32": next(row["moorage"]["chunks_per_s"] for row in results["burst"] if row["streams"] == 32),
        "added_ttft_ms": results["first_word"][0]["added_ttft_ms"],
        "open_mib": results["open"]["peak_mib"],
        "start_s": results["start_kept"]["median_s"],
    }
    return results


async def _compare_bursts(plan: Plan, direct: Way, through: Way, streams: int, words: int) -> dict[str, Any]:
    _say(f"{streams} unpaced streams of {words} words")
    samples: dict[str, list[Sample]] = {"direct": [], "moorage": []}
    for _ in range(plan.rounds):
        for way in (direct, through):
            samples[way.name].append(await burst(way, streams, words))
    summaries = {name: summarise(rounds) for name, rounds in samples.items()}
    return {"streams": streams, "words": words, **summaries, "ratio": ratio(samples["direct"], samples["moorage"])}


async def _compare_first_words(plan: Plan, direct: Way, through: Way) -> list[dict[str, Any]]:
    compared = []
    for streams in (1, *plan.crowds):
        _say(f"time to first word, {streams} at a time")
        samples: dict[str, list[Sample]] = {"direct": [], "moorage": []}
        for _ in range(plan.rounds if streams == 1 else plan.crowd_rounds):
            for way in (direct, through):
                asked = one_by_one(way, plan.questions) if streams == 1 else crowd(way, streams, plan.crowd_answers)
                samples[way.name].append(await asked)
        summaries = {name: summarise(rounds) for name, rounds in samples.items()}
        added = added_ttft_ms(samples["direct"], samples["moorage"])
        compared.append({"streams": streams, **summaries, "added_ttft_ms": added})
    return compared


def _say(doing: str) -> None:
    print(f"… {doing}", flush=True)


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of some: is it about right?")
    quick = parser.parse_args().quick
    allow_many_files()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="moorage-bench-") as folder:
        results = uvloop.run(_run(QUICK if quick else FULL, Path(folder)))
    results["took_s"] = round(time.monotonic() - began)
    ARTIFACT.parent.mkdir(exist_ok=True)
    ARTIFACT.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print()
    print("\n".join(lines_of(results)))
    print(f"\ntook {results['took_s']} s; figures in {ARTIFACT}")


if __name__ == "__main__":
    main()
