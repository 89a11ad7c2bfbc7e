"""Clocks that are wrong, and that jump while a process runs: a small library of our own, told by a file."""

import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.programs import find_program

SOURCE = Path(__file__).with_name("wrong_clock.c")


class WrongClock:
    """The clock on the wall of whatever is started with it; durations stay true. It goes right until `set`.

    `folder` must be readable to whom it is given.
    """

    def __init__(self, folder: Path) -> None:
        self._file, self._library = folder / "shift", folder / "wrong_clock.so"
        compiler = find_program(["gcc", "cc"], debian_package="gcc")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", self._library, SOURCE, "-ldl"], check=True)
        self._file.write_bytes(struct.pack("=q", 0))
        for file in (self._file, self._library):
            file.chmod(0o755)

    def set(self, seconds: float) -> None:
        """Let it be so many seconds ahead, or behind, from now on."""
        with self._file.open("r+b") as file:
            file.write(struct.pack("=q", round(seconds)))

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process is to be started with."""
        return {"LD_PRELOAD": str(self._library), "WRONG_CLOCK_FILE": str(self._file)}

    @property
    def wrapper(self) -> Sequence[str]:
        """The command that turns into the one after it, with this clock."""
        return ["env", *(f"{name}={value}" for name, value in self.environment.items())]
