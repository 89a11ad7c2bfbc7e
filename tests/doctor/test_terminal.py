"""In a terminal rows are coloured, aligned and wrapped; elsewhere they are plain lines; a key is asked for unseen."""

import asyncio
import contextlib
import fcntl
import io
import os
import re
import struct
import subprocess
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest

from moorage.doctor.terminal import Columns, Terminal
from tests.doctor.conftest import TIMEOUT_S, Doctor, Said, command, environment
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import MODEL_KEY

COLOUR = re.compile(r"\x1b\[\d+m")
REPLACED = "\r\x1b[2K"


class _Screen:
    """A pseudo-terminal of a width, with the command on it."""

    def __init__(self, here: Path, columns: int) -> None:
        self._here = here
        self._ours, self._theirs = os.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.shown = ""

    async def run(
        self,
        *arguments: str,
        settings: Mapping[str, str | Path],
        variables: Mapping[str, str] = {},
        typed: str = "",
    ) -> Said:
        """Run, type once something is asked, and give all that the screen got."""
        process = await asyncio.create_subprocess_exec(
            *command("doctor", *arguments),
            cwd=self._here,
            env=environment(settings, {"TERM": "xterm", **variables}),
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(self._theirs)
        reading = asyncio.create_task(asyncio.to_thread(self._read, typed))
        try:
            code = await asyncio.wait_for(process.wait(), TIMEOUT_S)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await reading
            os.close(self._ours)
        return Said(code, self.shown, "")

    def _read(self, typed: str) -> None:
        with contextlib.suppress(OSError):  # what reading gives once nobody has the other side open
            while piece := os.read(self._ours, 65_536):
                self.shown += piece.decode("utf-8", "replace")
                if typed and self.shown.endswith("Key (not shown): "):
                    os.write(self._ours, typed.encode())
                    typed = ""


def lines(said: Said) -> list[str]:
    """Give what stands on the screen in the end, without colours."""
    rows = COLOUR.sub("", said.out).replace("\r\n", "\n").split("\n")
    return [row.rsplit(REPLACED, 1)[-1] for row in rows]


async def test_a_terminal_shows_colours_what_is_under_way_and_wraps_under_the_text(
    here: Path, models: tuple[TestAuthority, ModelServer], allowed: dict[str, str | Path]
) -> None:
    said = await _Screen(here, 100).run(
        models[1].base_url, "--key-stdin", settings=allowed, typed=f"{MODEL_KEY}\n", variables={"COLUMNS": ""}
    )
    assert said.code == 0
    assert MODEL_KEY not in said.out
    assert models[1].last_headers["authorization"] == f"Bearer {MODEL_KEY}"
    assert "\x1b[32m✓ passed" in said.out
    assert f"{REPLACED}  Sign-in …" in said.out
    shown = lines(said)
    assert max(map(len, shown)) <= 100
    begin = next(line for line in shown if "Address " in line).index("The address is well formed.")
    certificate = next(line for line in shown if "Issued by" in line)
    assert certificate.startswith(" " * begin + "Issued by")


@pytest.mark.parametrize(
    ("variables", "is_coloured", "is_replaced"),
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, False, True),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, False, False),
    ],
)
async def test_colours_can_be_declined(
    here: Path, variables: dict[str, str], is_coloured: bool, is_replaced: bool
) -> None:
    said = await _Screen(here, 80).run("localhost", settings={}, variables=variables)
    assert said.code == 2
    assert ("\x1b[31m" in said.out, "\x1b[2K" in said.out) == (is_coloured, is_replaced)


async def test_a_narrow_terminal_gets_the_text_below_the_row(here: Path) -> None:
    said = await _Screen(here, 60).run("localhost", settings={}, variables={"COLUMNS": ""})
    assert max(len(line) for line in lines(said)) <= 60
    assert any(line.startswith("    A base URL begins with") for line in lines(said))


async def test_where_nobody_looks_there_are_no_codes_for_a_screen(doctor: Doctor) -> None:
    said = await doctor("localhost", variables={"TERM": "xterm"})
    assert "\x1b" not in said.out + said.err
    assert "\r" not in said.out + said.err


async def test_a_terminal_without_these_letters_gets_others(doctor: Doctor) -> None:
    said = await doctor("localhost", "--language", "de", variables={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert said.code == 2
    assert said.out.splitlines()[0].startswith("x gescheitert")
    assert said.out.isascii()


@pytest.mark.parametrize("words", [["https://127.1/v1"], []], ids=["an endpoint", "the deployment"])
def test_a_reader_that_has_read_enough_gets_no_traceback(here: Path, words: list[str]) -> None:
    """`moorage doctor | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command("doctor", *words),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        env=environment({"DATA": here / "data"}, {}),
        timeout=TIMEOUT_S,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (2 if words else 0, "")


def test_a_control_character_never_reaches_the_screen() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, {}, Columns(6, 4, 0))
    terminal.row("passed", "passed", "TLS", "by \x1b[31mred\u202eder\nnext", more=["\x07"])
    terminal.say("\x9b2J")
    assert stream.getvalue().splitlines() == ["+ passed  TLS   by �[31mred�der�next", "    �", "�2J"]
