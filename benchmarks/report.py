"""Turns rounds into medians and prints them beside each other, with the aims and what they are missed by."""

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.measure import Sample

AIMS = {
    "chunks_per_s_at_32": (50_000, "at least"),
    "added_ttft_ms": (2.0, "at most"),
    "open_mib": (300, "at most"),
    "start_s": (3.0, "at most"),
}


def summarise(samples: Sequence[Sample]) -> dict[str, Any]:
    """Give medians over the rounds; p99 is of all answers of all rounds."""
    times = sorted(value for sample in samples for value in sample.ttft_ms)
    elapsed_s = sum(sample.elapsed_s for sample in samples)
    return {
        "rounds": len(samples),
        "answers": len(times),
        "chunks_per_s": round(statistics.median(sample.words_per_s for sample in samples)),
        "ttft_median_ms": round(statistics.median(statistics.median(sample.ttft_ms) for sample in samples), 2),
        "ttft_p99_ms": round(times[min(len(times) - 1, int(len(times) * 0.99))], 2),
        "cpu_share": {
            name: round(sum(sample.cpu_s[name] for sample in samples) / elapsed_s, 2) for name in samples[0].cpu_s
        },
        "cpu_us_per_answer": {
            name: round(sum(sample.cpu_s[name] for sample in samples) / len(times) * 1e6) for name in samples[0].cpu_s
        },
    }


def added_ttft_ms(direct: Sequence[Sample], through: Sequence[Sample]) -> float:
    """Median over the rounds of what Moorage adds to the median of the same round."""
    pairs = zip(direct, through, strict=True)
    return round(statistics.median(statistics.median(b.ttft_ms) - statistics.median(a.ttft_ms) for a, b in pairs), 2)


def ratio(direct: Sequence[Sample], through: Sequence[Sample]) -> float:
    """Median over the rounds of chunks per second through Moorage as a part of the same round's without it."""
    pairs = zip(direct, through, strict=True)
    return round(statistics.median(b.words_per_s / a.words_per_s for a, b in pairs), 2)


def lines_of(results: dict[str, Any]) -> list[str]:
    """Write the table."""
    lines = [
        f"machine: {results['machine']}",
        "",
        "Unpaced streams: words received per second (one word is one chunk of the endpoint;",
        "Moorage joins what arrives together, so its own events are fewer), and time to first word",
        _row("streams", "way", "chunks/s", "TTFT p50", "TTFT p99", "processor share"),
    ]
    for entry in results["burst"]:
        lines += [_line(entry["streams"], way, entry[way]) for way in ("direct", "moorage")]
        lines.append(f"{'':>9} Moorage carries {entry['ratio']:.0%} of the direct rate")
    lines += ["", "Time to first word, one question after the other (low load) and in a crowd of paced streams"]
    lines.append(_row("streams", "way", "chunks/s", "TTFT p50", "TTFT p99", "processor share"))
    for entry in results["first_word"]:
        lines += [_line(entry["streams"], way, entry[way]) for way in ("direct", "moorage")]
        lines.append(f"{'':>9} Moorage adds {entry['added_ttft_ms']} ms to the median")
    lines += ["", f"Open paced streams: {results['open']}"]
    lines += [f"Memory of the server after all of the above: {results['memory']}"]
    lines += [f"Start, empty folder: {results['start_fresh']}", f"Start, existing folder: {results['start_kept']}", ""]
    for name, (aim, sense) in AIMS.items():
        got = results["aims"][name]
        met = got >= aim if sense == "at least" else got <= aim
        lines.append(f"{'met   ' if met else 'MISSED'} {name}: {got} ({sense} {aim})")
    return lines


def _line(streams: int, way: str, got: dict[str, Any]) -> str:
    shares = "  ".join(f"{name} {share:.0%}" for name, share in got["cpu_share"].items())
    rate = f"{got['chunks_per_s']:,}" if got["chunks_per_s"] else "–"
    return _row(str(streams), way, rate, f"{got['ttft_median_ms']} ms", f"{got['ttft_p99_ms']} ms", shares)


def _row(*cells: str) -> str:
    return "{:>9} {:<8} {:>10} {:>11} {:>11}  {}".format(*cells)
