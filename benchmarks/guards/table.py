"""Writes what was seen as the table of docs/comparison.md, between its two marks."""

import datetime as dt
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.guards.attacks import ATTACKS, Attack

BEGIN: Final = "<!-- begin: written by python -m benchmarks.guards -->"
END: Final = "<!-- end -->"
HOW_FAR: Final = ("–", "TCP", "TLS", "**read**")
SERVED: Final = {True: "served", False: "refused"}
# What was seen of one client: for each attack how far it came inside, or 1 if it was served.
Seen = Sequence[int]


def write(document: Path, versions: Mapping[str, str], seen: Mapping[str, Seen]) -> None:
    """Put the tables into the document."""
    text = document.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{document} has no marks")
    document.write_text("\n".join([before + BEGIN, "", *lines(versions, seen), "", END + after]), "utf-8")


def lines(versions: Mapping[str, str], seen: Mapping[str, Seen]) -> list[str]:
    """Give the lines."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    named = ", ".join(f"{package} {version}" for package, version in versions.items())
    written = [f"Run on {today} with Python {platform.python_version()}: {named}.", "", *_summary(seen)]
    groups = dict.fromkeys(attack.group for attack in ATTACKS)
    for group in groups:
        written += ["", f"**{group}**", "", _row(["", *seen]), _row(["---"] * (len(seen) + 1))]
        written += [
            _row([attack.title, *(_cell(attack, row[number]) for row in seen.values())])
            for number, attack in enumerate(ATTACKS)
            if attack.group == group
        ]
    return written


def _summary(seen: Mapping[str, Seen]) -> list[str]:
    attacks = [number for number, attack in enumerate(ATTACKS) if not attack.is_honest]
    rows = [
        _row([title, *(str(sum(row[number] >= far for number in attacks)) for far in (1, 2, 3)), _served(row)])
        for title, row in seen.items()
    ]
    head = [
        "client",
        f"of {len(attacks)} attacks: TCP reached",
        "TLS hello sent",
        "request answered",
        "honest ones served",
    ]
    return [_row(head), _row(["---"] * len(head)), *rows]


def _served(row: Seen) -> str:
    honest = [number for number, attack in enumerate(ATTACKS) if attack.is_honest]
    return f"{sum(bool(row[number]) for number in honest)} of {len(honest)}"


def _cell(attack: Attack, value: int) -> str:
    return SERVED[bool(value)] if attack.is_honest else HOW_FAR[value]


def _row(cells: Sequence[str]) -> str:
    return re.sub(r"  +", " ", f"| {' | '.join(cells)} |")
