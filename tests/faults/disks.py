"""A small disk that can be filled, and single writes that fail: by tmpfs (root) and by strace's fault injection."""

import asyncio
import contextlib
import os
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.programs import find_program

BLOCK = 4096


class SmallDisk:
    """A tmpfs of some MiB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Take all that is left of it."""
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * BLOCK)

    def clear(self) -> None:
        """Give it back."""
        self._filler.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[SmallDisk]:
    """Mount one at `folder`. Without root the test is skipped."""
    if os.geteuid() != 0:
        pytest.skip("a small disk is mounted, which needs root")
    folder.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "moorage-test", str(folder)], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: what a test left open must not keep the folder.
        subprocess.run(["umount", "-l", str(folder)], check=True)


@dataclass
class Watched:
    """What strace saw of one system call: in which threads how often, and what it let fail."""

    calls: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    @property
    def most(self) -> int:
        """How many there were in the thread that made most of them."""
        return max(self.calls.values(), default=0)


@contextlib.asynccontextmanager
async def failing_call(
    pid: int, call: str, error: str, when: int | str, file: Path | None = None
) -> AsyncIterator[Watched]:
    """Let the system calls of this name fail that `when` tells, counted in each thread of a running process.

    `when`: 3 is the third, "3+" the third and all later ones. `file`: only calls on it are seen and counted. What was
    seen is whole after the block.
    """
    strace = str(find_program(["strace"], debian_package="strace"))
    inject = f"{call}:error={error}:when={when}"
    only = [] if file is None else ["-P", str(file)]
    process = await asyncio.create_subprocess_exec(
        strace, "-f", *only, "-e", f"trace={call}", "-e", f"inject={inject}", "-p", str(pid), stderr=subprocess.PIPE
    )
    if process.stderr is None:
        raise AssertionError("strace has no output")
    watched = Watched()
    # It says that it is attached; from then on it holds.
    said = await process.stderr.readline()
    if b"Requested path" in said:
        said = await process.stderr.readline()
    if b"attached" not in said and os.geteuid() != 0:
        await process.wait()
        pytest.skip("a system may forbid to look into one's own processes; root may")
    if b"attached" not in said:
        raise AssertionError(said.decode(errors="replace"))
    reading = asyncio.create_task(_read(process.stderr, call, watched))
    try:
        yield watched
    finally:
        # It ends by itself where the process has.
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        await reading


async def _read(output: asyncio.StreamReader, call: str, watched: Watched) -> None:
    while line := (await output.readline()).decode(errors="replace"):
        if f"{call}(" in line:
            watched.calls[line.partition(call)[0].strip()] += 1
        if "(INJECTED)" in line:
            watched.failed.append(line.strip())
