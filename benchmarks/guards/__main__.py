"""`python -m benchmarks.guards [--write]`: runs every attack against every client; root, for a network of its own.

The published guards get an environment of their own, made from requirements.lock here when it is not there yet, in
.cache/ of the checkout or where `--environment` says. Nothing but pip leaves the machine.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.guards import table
from benchmarks.guards.attacks import ATTACKS, HONEST_ADDRESSES, Attack
from benchmarks.guards.namespace import open_namespace
from moorage import __version__
from tests.support.serving import ROOT

REQUIREMENTS: Final = Path(__file__).with_name("requirements.lock")
DOCUMENT: Final = ROOT / "docs" / "comparison.md"
# Clients in the order of the table: its title, the module that asks, the package whose version is told.
CLIENTS: Final = {
    "httpx": ("httpx", "published", "httpx"),
    "httpx2": ("httpx2", "published", "httpx2"),
    "aiohttp": ("aiohttp", "published", "aiohttp"),
    "checked": ("check, then httpx", "published", ""),
    "aiohttp-resolver": ("aiohttp + resolver", "published", ""),
    "drawbridge": ("drawbridge", "published", "drawbridge"),
    "egressweave": ("egressweave", "published", "egressweave"),
    "httpx-secure": ("httpx-secure", "published", "httpx-secure"),
    "microsoft-antissrf": ("microsoft-antissrf", "published", "microsoft-antissrf"),
    "requests-hardened": ("requests-hardened", "published", "requests-hardened"),
    "safehttpx": ("safehttpx", "published", "safehttpx"),
    "moorage": ("Moorage", "moorage_door", ""),
}


class Talker:
    """A process that answers each line of JSON with one."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment, text=True
        )

    def order(self, order: Mapping[str, Any]) -> Any:
        """Say something and hear the answer."""
        if self._process.stdin is None:
            raise RuntimeError("no pipe")
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> Any:
        """Hear one line."""
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise RuntimeError("it said nothing")
        return json.loads(line)

    def end(self) -> None:
        """End it, which happens when nobody says anything any more."""
        self._process.communicate(timeout=20)


@contextlib.contextmanager
def talking(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Talker]:
    """Run such a process."""
    talker = Talker(command, environment)
    try:
        yield talker
    finally:
        talker.end()


def make_environment(folder: Path) -> Path:
    """Install the published guards, unless just these are there; gives the Python that has them."""
    python, stamp = folder / "bin" / "python", folder / REQUIREMENTS.name
    if not stamp.exists() or stamp.read_bytes() != REQUIREMENTS.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = ["install", "--quiet", "--no-deps", "--require-hashes", "-r", str(REQUIREMENTS)]
        subprocess.run([str(python), "-m", "pip", *install], check=True)
        stamp.write_bytes(REQUIREMENTS.read_bytes())
    return python


def versions_in(python: Path) -> dict[str, str]:
    """Ask for the versions of the packages that the table names."""
    packages = [package for _, _, package in CLIENTS.values() if package]
    program = "import importlib.metadata as m, json, sys; print(json.dumps({p: m.version(p) for p in sys.argv[1:]}))"
    told = subprocess.run([python, "-c", program, *packages], check=True, capture_output=True, text=True).stdout
    return {**json.loads(told), "Moorage": __version__}


def trust_only(authority: Path, python: Path) -> dict[str, str]:
    """Have all clients trust the test's authority, by the three ways in which they look for authorities."""
    found = subprocess.run([python, "-c", "import certifi; print(certifi.where())"], check=True, capture_output=True)
    Path(found.stdout.decode().strip()).write_bytes(authority.read_bytes())
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    named = {"SSL_CERT_FILE": str(authority), "REQUESTS_CA_BUNDLE": str(authority)}
    return {**kept, **named, "PYTHONDONTWRITEBYTECODE": "1"}


def carry_out(attack: Attack, asker: Talker, scene: Talker) -> tuple[int, list[str]]:
    """Carry out one attack; gives how far it came, and what the client said to each request."""
    said = []
    for step in attack.steps:
        scene.order({"names": {name: told.to_json() for name, told in step.names.items()}})
        said.append(str(asker.order({"url": step.url, "keeps_client": step.keeps_client})))
    visits = scene.order({"take": True})
    inside = max((far for at, far in visits if at not in HONEST_ADDRESSES), default=0)
    if attack.is_honest:
        return int(said[-1] == "200" and not inside), said
    return int(inside), said


def compare(folder: Path, environment: Path, only: Sequence[str]) -> tuple[dict[str, str], dict[str, table.Seen]]:
    """Run everything; gives versions, and what was seen by title."""
    python = make_environment(environment)
    seen: dict[str, table.Seen] = {}
    with (
        open_namespace() as inside,
        talking([*inside, sys.executable, "-m", "benchmarks.guards.scene", str(folder)], os.environ) as scene,
    ):
        scene.hear()
        trusting = trust_only(folder / "ca.pem", python)
        for which, (title, module, _) in CLIENTS.items():
            if only and which not in only:
                continue
            runs = sys.executable if which == "moorage" else str(python)
            with talking([*inside, runs, "-m", f"benchmarks.guards.{module}", which], trusting) as asker:
                results = [carry_out(attack, asker, scene) for attack in ATTACKS]
            seen[title] = [far for far, _ in results]
            for attack, (far, said) in zip(ATTACKS, results, strict=True):
                print(f"{title:<20} {attack.group}: {attack.title:<45} {far!s:<6} {' '.join(said)}", flush=True)
    return versions_in(python), seen


def main() -> None:
    """Compare, and print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write the tables into {DOCUMENT.relative_to(ROOT)}")
    parser.add_argument("--only", nargs="*", default=[], choices=CLIENTS, help="these clients; prints only")
    parser.add_argument("--environment", type=Path, default=ROOT / ".cache" / "guards")
    asked = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("a network of its own needs root")
    with tempfile.TemporaryDirectory(prefix="moorage-guards-scene-") as folder:
        versions, seen = compare(Path(folder), asked.environment, asked.only)
    if asked.write and not asked.only:
        table.write(DOCUMENT, versions, seen)
    else:
        print("\n".join(table.lines(versions, seen)))


if __name__ == "__main__":
    main()
