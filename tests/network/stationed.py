"""The test's end of a station: starts the process, gives it orders, reads what it counted."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.network.name_server import Name
from tests.network.tap import Contact
from tests.support.serving import ROOT

END_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Told:
    """What a station has counted since it started, or since it was told to forget.

    `accepted`: TCP connections by address. `chats`: requests for a completion. `asked`: (name, type, transport) of
    each question to the name server. `contacts`: what left over the interface that is tapped.
    """

    accepted: Mapping[str, int]
    chats: Mapping[str, int]
    asked: Sequence[tuple[str, str, str]]
    contacts: Sequence[Contact]
    lost: int


class StationProcess:
    """A running station. `port` is where its last server listens, `fronts` are the ports that browsers reach."""

    def __init__(self, folder: Path, orders: Mapping[str, Any], wrapper: Sequence[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "orders.json"
        file.write_text(json.dumps(orders))
        self._log = (folder / "station.log").open("wb")
        self._process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "tests.network.station", str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            text=True,
        )
        self._folder = folder
        self.fronts: list[int] = []
        self.port = int(self._read()["port"])

    def tell(self) -> Told:
        """Give the counts."""
        return self._order({"do": "tell"})

    def forget(self) -> None:
        """Begin to count anew."""
        self._order({"do": "forget"})

    def set_names(self, names: Mapping[str, Name]) -> None:
        """Let these names say something else from now on."""
        self._order({"do": "names", "names": {name: what.to_json() for name, what in names.items()}})

    def open_front(self, port: int) -> Path:
        """Make a file that leads to a port of the station's namespace."""
        path = self._folder / f"front-{port}"
        self._order({"do": "front", "path": str(path), "port": port})
        self.fronts.append(port)
        return path

    def end(self) -> None:
        """End the process, which ends when nobody gives orders any more."""
        self._process.communicate(timeout=END_TIMEOUT_S)
        self._log.close()

    def _order(self, order: Mapping[str, Any]) -> Told:
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        told = self._read()
        for rows in ("asked", "contacts"):
            told[rows] = [tuple(row) for row in told[rows]]
        return Told(**told)

    def _read(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            self._process.wait(END_TIMEOUT_S)
            raise AssertionError(f"the station ended:\n{(self._folder / 'station.log').read_text()}")
        return json.loads(line)


@contextlib.contextmanager
def stationed(folder: Path, orders: Mapping[str, Any], wrapper: Sequence[str] = ()) -> Iterator[StationProcess]:
    """Run a station until the end of the block."""
    station = StationProcess(folder, orders, wrapper)
    try:
        yield station
    finally:
        station.end()
