"""What somebody attaches is what it holds, never what it is called; a hostile file costs its uploader a refusal."""

import asyncio
import contextlib
import errno
import io
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from moorage.chat import reading_program
from moorage.chat.attachments import MIB, NewAttachment
from moorage.chat.reading import FileReader, clean_name, kind_of
from moorage.chat.turns import TurnsOfEach
from moorage.errors import Invalid, Unavailable
from tests.support.file_kinds import DOCUMENT_TEXTS, DOCUMENTS, PICTURES
from tests.support.files import CAMERA, COMMENT, pdf, pdf_bomb, photo, picture_bomb, slow_pdf

KANZLEI, OTHERS = uuid4(), uuid4()
OLGA, MIA, ADAM, EVE = uuid4(), uuid4(), uuid4(), uuid4()
TELLING = (CAMERA.encode(), COMMENT.encode(), b"Exif")


async def read(name: str, data: bytes) -> NewAttachment:
    return await FileReader().read(name, data, KANZLEI, OLGA)


async def refusal(data: bytes, reader: FileReader | None = None) -> str:
    with pytest.raises(Invalid) as refused:
        await (reader or FileReader()).read("file", data, KANZLEI, OLGA)
    assert refused.value.field == "file"
    return refused.value.code


@pytest.mark.parametrize(
    ("kind", "media_type", "name"),
    [
        ("JPEG", "image/jpeg", "IMG 1.jpg"),
        ("PNG", "image/png", "IMG 1.png"),
        ("WEBP", "image/jpeg", "IMG 1.jpg"),
        ("GIF", "image/png", "IMG 1.png"),
    ],
)
async def test_a_picture_keeps_its_pixels_and_loses_what_it_tells_of_its_maker(
    kind: str, media_type: str, name: str
) -> None:
    taken = photo(kind=kind)
    if kind in {"JPEG", "PNG"}:
        assert CAMERA.encode() in taken
    made = await read(f"IMG 1.{kind.lower()}", taken)
    assert (made.kind, made.content.media_type, made.name, made.width, made.height) == (
        "image",
        media_type,
        name if kind != "JPEG" else "IMG 1.jpeg",
        320,
        200,
    )
    assert [one for one in TELLING if one in made.content.data] == []
    with Image.open(io.BytesIO(made.content.data)) as picture:
        assert picture.getexif() == {}
        middle = picture.convert("L").tobytes()[100 * 320 + 160]
        assert middle < 30, "the middle of the gradient is dark"


async def test_a_picture_stands_upright_and_no_longer_than_models_take() -> None:
    picture = Image.new("RGB", (3000, 1000), "red")
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6  # lies on its side
    picture.save(out, "JPEG", exif=exif)
    made = await read("x.jpg", out.getvalue())
    assert (made.width, made.height) == (667, 2000)


async def test_the_text_of_a_pdf_is_read_page_by_page() -> None:
    file = pdf("Kaufvertrag", "", "Seite drei")
    made = await read("Vertrag.pdf", file)
    assert (made.kind, made.pages, made.content.data) == ("pdf", 3, file)
    assert made.content.text == "[Page 1]\nKaufvertrag\n\n[Page 3]\nSeite drei"


async def test_a_text_is_a_text_whatever_it_is_called() -> None:
    made = await read("report.pdf", "\ufeffFrist: 3 Wochen\n".encode())
    assert (made.kind, made.content.media_type, made.content.text) == ("text", "text/plain", "Frist: 3 Wochen\n")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "attachment_empty"),
        (b" \n", "attachment_empty"),
        (b"MZ\x90\x00\x03", "attachment_kind"),
        (b"PK\x03\x04\x14\x00", "attachment_kind"),
        ("Grüße".encode("utf-16"), "attachment_kind"),
        (b"\x89PNG\r\n\x1a\nnothing of the kind", "attachment_unreadable"),
        (b"\xff\xd8\xff\xe0 cut", "attachment_unreadable"),
        (b"%PDF-1.7\nnothing of the kind", "attachment_unreadable"),
        (picture_bomb(), "picture_too_large"),
        (picture_bomb(12_000), "picture_too_large"),
        (b"x" * (2 * 1024 * 1024 + 1), "attachment_text_too_long"),
    ],
    ids=[
        "nothing",
        "blanks",
        "program",
        "archive",
        "utf-16",
        "cut-png",
        "cut-jpeg",
        "cut-pdf",
        "bomb",
        "smaller-bomb",
        "long-text",
    ],
)
async def test_what_can_not_be_taken_is_refused_with_a_reason(data: bytes, code: str) -> None:
    assert await refusal(data) == code


async def test_a_pdf_that_unpacks_without_end_brings_no_text_and_costs_no_more_than_it_may() -> None:
    made = await read("bomb.pdf", pdf_bomb())
    assert (made.pages, made.content.text) == (1, "")


async def test_a_pdf_that_takes_for_ever_is_ended_and_hangs_nothing() -> None:
    """One page that draws four million letters: nothing but the end of its program stops that."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    reader = FileReader(deadline_s=3.0)
    ticking = asyncio.create_task(tick())
    with contextlib.suppress(asyncio.CancelledError):
        assert await refusal(slow_pdf(), reader) == "attachment_unreadable"
        ticking.cancel()
        await ticking
    assert ticks > 5
    assert (await reader.read("next.pdf", pdf("the next one is read"), KANZLEI, OLGA)).pages == 1


@pytest.mark.parametrize("kind", ["image", "pdf"])
async def test_whoever_leaves_leaves_no_program_behind(kind: str) -> None:
    stuck = (sys.executable, "-c", "import time; time.sleep(600)")
    reading = asyncio.create_task(FileReader(stuck).read("x", photo() if kind == "image" else pdf("x"), KANZLEI, OLGA))
    while not children():
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert children() == []


def children() -> list[int]:
    return [one.pid for one in psutil.Process().children() if "time.sleep(600)" in " ".join(one.cmdline())]


async def test_a_program_that_never_ends_is_ended() -> None:
    stuck = (sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)")
    assert await refusal(pdf("a"), FileReader(stuck, deadline_s=1.0)) == "attachment_unreadable"


@pytest.mark.parametrize(
    "program",
    [
        "import sys; sys.stdin.buffer.read(); sys.exit(3)",
        "pass",
        "import os; os.kill(os.getpid(), 9)",
        "import sys\nwhile True: sys.stdout.buffer.write(b'x' * 65536)",
        'import sys; sys.stdin.buffer.read(); print(\'{"refused": "../../etc/passwd"}\')',
        "import sys; sys.stdin.buffer.read(); print('no json')",
        "import sys; sys.stdin.buffer.read(); print('[]')",
        "import sys; sys.stdin.buffer.read(); print('{}')",
    ],
)
async def test_a_program_that_a_file_has_taken_over_gets_nothing_but_a_refusal(program: str) -> None:
    reader = FileReader((sys.executable, "-c", program), deadline_s=20.0)
    assert await refusal(pdf("a"), reader) == "attachment_unreadable"


ESCAPES = """
import socket, sys
sys.path.insert(0, sys.argv[1])
import reading_program
reading_program.get_ready("image")
reading_program.get_ready("pdf")
reading_program.limit_itself()
for way in (lambda: open("/etc/hostname", "rb"), lambda: socket.socket(), lambda: socket.socketpair()):
    try:
        way()
    except OSError as error:
        print(error.errno)
    else:
        print("open")
"""


async def test_what_reads_a_file_can_open_no_other_and_no_socket() -> None:
    folder = str(Path(reading_program.__file__).parent)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", ESCAPES, folder, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert said.split() == [str(errno.EMFILE).encode()] * 3


WATCHED = """
import sys
path, sys.argv = sys.argv[1], sys.argv[1:]
sys.path.insert(0, path.rpartition("/")[0])
import reading_program
limit, reaching = reading_program.limit_itself, []
def limit_itself():
    limit()
    sys.addaudithook(lambda event, args: reaching.append((event, args)) if event in {"open", "import"} else None)
reading_program.limit_itself = limit_itself
reading_program.main()
for event, args in reaching:
    print(event, args[0], file=sys.stderr)
"""


@pytest.mark.parametrize("name", list(PICTURES | DOCUMENTS))
async def test_whatever_a_file_needs_was_loaded_before(name: str) -> None:
    """No file may be opened by then, so what is loaded late would be missing: a page without its text, at best."""
    program = (sys.executable, "-I", "-c", WATCHED, reading_program.__file__)
    kind = "image" if name in PICTURES else "pdf"
    process = await asyncio.create_subprocess_exec(
        *program, kind, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    written, reached = await process.communicate((PICTURES | DOCUMENTS)[name])
    assert reached.decode() == ""
    told, _, content = written.partition(b"\n")
    assert b"refused" not in told
    assert kind == "image" or DOCUMENT_TEXTS[name] in content.decode()


# A PDF keeps its turn for ever, a picture gives it back.
GREEDY = (sys.executable, "-c", "import sys, time; sys.stdin.buffer.read(1) == b'%' and time.sleep(600)")


@contextlib.asynccontextmanager
async def slow_files(reader: FileReader, *people: UUID, programs: int) -> AsyncIterator[None]:
    """Let people of one team send files that take for ever, five each, while so many programs read them."""
    slow = [
        asyncio.create_task(reader.read("x", pdf(str(at)), KANZLEI, person)) for person in people for at in range(5)
    ]
    while len(children()) < programs:
        await asyncio.sleep(0.01)
    try:
        yield
        assert len(children()) == programs
    finally:
        for one in slow:
            one.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
    assert children() == []


async def test_one_person_takes_one_turn_at_reading_and_leaves_the_others_to_others() -> None:
    reader = FileReader(GREEDY, deadline_s=600)
    async with slow_files(reader, OLGA, programs=1):
        with pytest.raises(Invalid):
            await asyncio.wait_for(reader.read("x", photo(), KANZLEI, MIA), 30)


async def test_all_of_a_team_leave_a_turn_at_reading_to_other_teams() -> None:
    reader = FileReader(GREEDY, deadline_s=600)
    async with slow_files(reader, OLGA, MIA, ADAM, programs=2):
        with pytest.raises(Invalid):
            await asyncio.wait_for(reader.read("x", photo(), OTHERS, EVE), 30)


async def test_who_finds_no_turn_at_reading_is_told_and_may_come_again() -> None:
    reader = FileReader(GREEDY, deadline_s=600, wait_s=2)
    async with slow_files(reader, OLGA, MIA, programs=2):
        with pytest.raises(Unavailable, match="reading_busy"):
            await asyncio.wait_for(reader.read("x", photo(), KANZLEI, ADAM), 30)
    with pytest.raises(Invalid):
        await asyncio.wait_for(reader.read("x", photo(), KANZLEI, ADAM), 30)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"x" * 70_000 + b"\x00", "attachment_kind"),
        (b"x" * 70_000 + b"\xff", "attachment_kind"),
        (b"x" * 70_000 + b"\xff" * (2 * MIB), "attachment_text_too_long"),
        (b"x" * 100 + b"\xff" + b"x" * (2 * MIB), "attachment_kind"),
    ],
    ids=["a-control-later", "no-utf-8-later", "too-long-to-be-looked-at", "no-utf-8-at-once"],
)
async def test_a_text_is_judged_by_its_beginning_and_then_as_a_whole(data: bytes, code: str) -> None:
    assert await refusal(data) == code


@pytest.mark.parametrize("before", [65_533, 65_534, 65_535, 65_536])
async def test_a_letter_over_the_end_of_what_is_looked_at_is_still_one(before: int) -> None:
    made = await read("x.txt", b"x" * before + "€uro".encode())
    assert made.content.text.endswith("€uro")


async def test_nothing_is_kept_of_who_waits_no_more() -> None:
    turns = TurnsOfEach(1)
    async with turns.of(OLGA):
        assert turns.of(OLGA).locked()
        assert not turns.of(MIA).locked()
        assert len(turns) == 1
    assert len(turns) == 0


@given(st.text(max_size=300))
def test_a_name_is_a_name_and_no_path(stated: str) -> None:
    name = clean_name(stated)
    assert 0 < len(name) <= 120
    assert not {"/", "\\", "\n", "\x00", "\u202e"} & set(name)
    assert name not in {".", ".."}
    assert clean_name(name) == name
    name.encode("utf-8")


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\olga\\Vertrag.pdf", "Vertrag.pdf"),
        ("cod\u202egpj.exe", "codgpj.exe"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        (" . ", "file"),
    ],
)
def test_names_are_cleaned(stated: str, name: str) -> None:
    assert clean_name(stated) == name


@given(st.binary(max_size=200))
def test_any_bytes_have_a_kind_or_none(data: bytes) -> None:
    assert kind_of(data) in {"image", "pdf", "text", None}
