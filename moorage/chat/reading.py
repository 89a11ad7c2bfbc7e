"""What an uploaded file is, by what is in it and never by its name; a picture or PDF is read by a program apart.

That program can be killed, and is, when it takes too long: a hostile file costs its uploader a refusal, and nobody
else a moment. See reading_program.py for what it may use up.
"""

import asyncio
import codecs
import contextlib
import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

from moorage.chat.attachments import NewAttachment
from moorage.chat.context import Content
from moorage.chat.settle import storable
from moorage.chat.turns import TurnsOfEach
from moorage.errors import Invalid, Unavailable

MIB: Final = 1024 * 1024
MAX_NAME_CHARS: Final = 120
MAX_TEXT_BYTES: Final = 2 * MIB
MAX_MEGAPIXELS: Final = 50
MAX_PDF_PAGES: Final = 2000
DEADLINE_S: Final = 20.0
_MAX_READ_BYTES: Final = 16 * MIB
_AT_ONCE: Final = 3
# So one is left to the others, whatever one person or one team sends.
_AT_ONCE_OF_A_TEAM: Final = _AT_ONCE - 1
# Longer than a file that takes its time in front of one's own, shorter than a browser waits.
WAIT_S: Final = 60.0
_HEAD_BYTES: Final = 1024
# So much is looked at to tell a text from anything else.
_LOOKED_AT_BYTES: Final = 64 * 1024
# Controls make no text, but for those where a line ends and a column begins, and what begins colours in a log.
_FIT_FOR_TEXT: Final = bytes({*range(256)} - ({*range(32)} - {9, 10, 11, 12, 13, 27}))
_REFUSALS: Final[Mapping[str, Mapping[str, int]]] = {
    "attachment_unreadable": {},
    "pdf_locked": {},
    "picture_too_large": {"megapixels": MAX_MEGAPIXELS},
    "pdf_too_long": {"pages": MAX_PDF_PAGES},
}

_PROMISED: Final[Mapping[str, frozenset[str]]] = {
    "image": frozenset({"media_type", "width", "height"}),
    "pdf": frozenset({"pages"}),
}

Sniffed = Literal["image", "pdf", "text"]


def kind_of(data: bytes) -> Sniffed | None:
    """Tell what a file is by its first bytes; None for what can't be attached. A text may yet turn out to be none."""
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if is_webp or data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")):
        return "image"
    if b"%PDF-" in data[:_HEAD_BYTES]:
        return "pdf"
    head = data[:_LOOKED_AT_BYTES]
    try:
        # Cut where it is, its last letter may be half one.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) == len(data))
    except ValueError:
        return None
    return "text" if _is_fit(head) else None


def _is_fit(data: bytes) -> bool:
    return not data.translate(None, _FIT_FOR_TEXT)


def clean_name(stated: str) -> str:
    """Make a name of what an upload calls itself: no path, no control or direction marks, not too long."""
    name = storable(stated).replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(sign for sign in unicodedata.normalize("NFC", name) if unicodedata.category(sign)[0] != "C")
    plain = " ".join(plain.split()).strip(". ")
    if len(plain) <= MAX_NAME_CHARS:
        return plain or "file"
    stem, dot, ending = plain.rpartition(".")
    keeps = bool(dot) and len(ending) <= _LONGEST_ENDING
    return f"{stem[: MAX_NAME_CHARS - len(ending) - 1]}.{ending}" if keeps else plain[:MAX_NAME_CHARS]


_LONGEST_ENDING: Final = 10


class FileReader:
    """Reads uploaded files, three at a time, two of each team and one of each person.

    `program`, `deadline_s` and `wait_s` stand for what a test wants to see fail.
    """

    def __init__(
        self, program: Sequence[str] | None = None, deadline_s: float = DEADLINE_S, wait_s: float = WAIT_S
    ) -> None:
        # -I: neither the folder it starts in nor a variable says what it imports.
        self._program = program or (sys.executable, "-I", str(Path(__file__).with_name("reading_program.py")))
        self._deadline_s = deadline_s
        self._wait_s = wait_s
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._turns_of_team = TurnsOfEach(_AT_ONCE_OF_A_TEAM)
        self._turns_of = TurnsOfEach(1)

    async def read(self, stated_name: str, data: bytes, team_id: UUID, person_id: UUID) -> NewAttachment:
        """Read a file of a member of a team.

        Raises Invalid: attachment_empty, attachment_kind, attachment_text_too_long, and _REFUSALS; for one that found
        no turn in time Unavailable("reading_busy").
        """
        name = clean_name(stated_name)
        if not data:
            raise _refused("attachment_empty")
        kind = kind_of(data)
        if kind is None:
            raise _refused("attachment_kind")
        if kind == "text":
            return _read_text(name, data)
        async with contextlib.AsyncExitStack() as held:
            await self._wait_for_turn(held, team_id, person_id)
            told, content = await self._run(kind, data)
        if kind == "pdf":
            text = storable(content.decode("utf-8", "replace"))
            return NewAttachment(name, "pdf", Content("application/pdf", data, text), pages=int(told["pages"]))
        media_type = "image/png" if told["media_type"] == "image/png" else "image/jpeg"
        ending = media_type.removeprefix("image/").replace("jpeg", "jpg")
        size = int(told["width"]), int(told["height"])
        return NewAttachment(_with_ending(name, ending), "image", Content(media_type, content, ""), *size)

    async def _wait_for_turn(self, held: contextlib.AsyncExitStack, team_id: UUID, person_id: UUID) -> None:
        # The narrowest first: what waits behind files of one's own, or of one's team, takes no turn of the others.
        turns = (self._turns_of.of(person_id), self._turns_of_team.of(team_id), self._turns)
        try:
            async with asyncio.timeout(self._wait_s):
                for turn in turns:
                    await held.enter_async_context(turn)
        except TimeoutError:
            raise Unavailable("reading_busy") from None

    async def _run(self, kind: Sniffed, data: bytes) -> tuple[Mapping[str, Any], bytes]:
        """Run the program over a file, and end it whatever happens. Raises Invalid."""
        process = await asyncio.create_subprocess_exec(
            *self._program,
            kind,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            env={},
            limit=MIB,
        )
        try:
            async with asyncio.timeout(self._deadline_s):
                written = await _talk(process, data)
                is_well = await process.wait() == 0
        except TimeoutError:
            raise _refused("attachment_unreadable") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        line, _, content = written.partition(b"\n")
        told = _told(line, _PROMISED[kind]) if is_well else {"refused": "attachment_unreadable"}
        if "refused" in told:
            raise _refused(told["refused"], **_REFUSALS[told["refused"]])
        return told, content


def _read_text(name: str, data: bytes) -> NewAttachment:
    if len(data) > MAX_TEXT_BYTES:
        raise _refused("attachment_text_too_long", limit_mib=MAX_TEXT_BYTES // MIB)
    try:
        text = data.decode("utf-8-sig")
    except ValueError:
        raise _refused("attachment_kind") from None
    if not _is_fit(data):
        raise _refused("attachment_kind")
    if not text.strip():
        raise _refused("attachment_empty")
    return NewAttachment(name, "text", Content("text/plain", b"", text))


def _told(line: bytes, promised: frozenset[str]) -> Mapping[str, Any]:
    """Read the program's line; one that is not as it should be is of a program that a file has taken over."""
    try:
        told = json.loads(line)
    except ValueError:
        told = None
    if isinstance(told, dict) and told.get("refused") in _REFUSALS:
        return {"refused": told["refused"]}
    if isinstance(told, dict) and told.keys() == promised:
        return told
    return {"refused": "attachment_unreadable"}


async def _talk(process: asyncio.subprocess.Process, data: bytes) -> bytes:
    """Hand the file over and take what is written, so much at most; a program that stops reading is no error here."""
    if process.stdin is None or process.stdout is None:
        raise _refused("attachment_unreadable")
    writing = asyncio.create_task(_hand_over(process.stdin, data))
    pieces: list[bytes] = []
    size = 0
    try:
        while piece := await process.stdout.read(MIB):
            pieces.append(piece)
            size += len(piece)
            if size > _MAX_READ_BYTES:
                raise _refused("attachment_unreadable")
        await writing
    finally:
        writing.cancel()
    return b"".join(pieces)


async def _hand_over(stdin: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        stdin.write(data)
        await stdin.drain()
        stdin.close()


def _with_ending(name: str, ending: str) -> str:
    """Name a picture for what it was made: a WebP that became a JPEG is called one."""
    stem, dot, stated = name.rpartition(".")
    same = {"jpg": ("jpg", "jpeg")}.get(ending, (ending,))
    if dot and stated.lower() in same:
        return name
    return f"{stem if dot and len(stated) <= _LONGEST_ENDING else name}.{ending}"


def _refused(code: str, **params: int) -> Invalid:
    return Invalid(code, field="file", **params)
