"""A program of its own: reads one hostile file from stdin, within limits it can't lift, and writes what is in it.

`python -I reading_program.py image|pdf`. Out come one line of JSON and, after it, bytes: the picture anew
without anything that stood beside its pixels, or the text of the PDF. It knows no network, no database, no settings,
and once it reads it can open no file and no socket.
"""

import codecs
import importlib
import io
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError

MIB: Final = 1024 * 1024
MEMORY_BYTES: Final = 1024 * MIB
CPU_S: Final = 20
MAX_PIXELS: Final = 50_000_000
# More pictures than twenty in one request may have at most this at Anthropic's; others scale larger ones down.
MAX_EDGE: Final = 2000
# As base64 it stays below 5 MB, the least that one of the makers takes.
MAX_IMAGE_BYTES: Final = 3_700_000
MAX_PAGES: Final = 2000
MAX_TEXT_CHARS: Final = 2_000_000
# What has been read of a long PDF by then is its text; the program itself is ended later.
TEXT_S: Final = 8.0
_QUALITIES: Final = (90, 75, 50)
# What the two libraries would load when a file asks for it; by then no file can be opened, a module of theirs neither.
_LOADED_LATE: Final = (
    "pypdf._codecs.core_font_metrics",
    "pypdf._crypt_providers._fallback",
    "pypdf.filters",
    "pypdf.generic._image_inline",
)
_TEXT_CODECS: Final = (
    "ascii", "big5", "charmap", "cp932", "cp950", "cp1252", "gb18030", "gb2312", "gbk", "latin-1", "mac-roman",
    "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le",
)  # fmt: skip

Found = tuple[Mapping[str, Any], bytes]


class Unfit(Exception):
    """The file can't be taken; the text is one of our codes."""


def read_image(data: bytes) -> Found:
    """Make a picture anew, upright, at most MAX_EDGE long, as PNG or JPEG, which every model takes."""
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise Unfit("picture_too_large")
        opened.draft("RGB", (MAX_EDGE, MAX_EDGE))
        keeps_lines = opened.format in {"PNG", "GIF"}
        profile = opened.info.get("icc_profile")
        opened.load()
        picture = ImageOps.exif_transpose(opened)
        has_alpha = picture.has_transparency_data
        picture = picture.convert("RGBA" if has_alpha else "RGB")
    picture.thumbnail((MAX_EDGE, MAX_EDGE))
    if profile and not has_alpha:
        picture = _to_srgb(picture, profile)
    # Whatever stood beside the pixels (place, camera, comments) stays behind: only they are copied.
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    media_type, written = _write(bare, as_png=keeps_lines or has_alpha)
    return {"media_type": media_type, "width": bare.width, "height": bare.height}, written


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        made = ImageCms.profileToProfile(picture, theirs, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return picture if made is None else made


def _write(picture: Image.Image, *, as_png: bool) -> tuple[str, bytes]:
    if as_png:
        out = io.BytesIO()
        picture.save(out, "PNG")
        if out.tell() <= MAX_IMAGE_BYTES:
            return "image/png", out.getvalue()
    flat = picture
    if picture.mode == "RGBA":
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture.getchannel("A"))
    for quality in _QUALITIES:
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=quality)
        if out.tell() <= MAX_IMAGE_BYTES:
            return "image/jpeg", out.getvalue()
    raise Unfit("picture_too_large")


def read_pdf(data: bytes) -> Found:
    """Count the pages of a PDF and read their text, as far as time and length allow."""
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unfit("pdf_locked")
    pages = len(reader.pages)
    if not 0 < pages <= MAX_PAGES:
        raise Unfit("pdf_too_long" if pages else "attachment_unreadable")
    until, length = time.monotonic() + TEXT_S, 0
    texts: list[str] = []
    for number, page in enumerate(reader.pages, start=1):
        if time.monotonic() > until or length > MAX_TEXT_CHARS:
            texts.append("[The text of the pages from here on was not read.]")
            break
        try:
            text = page.extract_text().strip()
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - one broken page takes no other with it, and nothing of it is worth telling
            text = ""
        if text:
            texts.append(f"[Page {number}]\n{text}"[:MAX_TEXT_CHARS])
            length += len(texts[-1])
    return {"pages": pages}, "\n\n".join(texts).encode("utf-8", "replace")


READERS: Final[Mapping[str, Callable[[bytes], Found]]] = {"image": read_image, "pdf": read_pdf}


def get_ready(kind: str) -> None:
    """Load what a file of this kind may need."""
    if kind == "image":
        Image.init()
        return
    for name in _LOADED_LATE:
        importlib.import_module(name)
    for name in _TEXT_CODECS:
        codecs.lookup(name)


def limit_itself() -> None:
    """Give up memory, time, files and sockets before the first byte is read; the kernel holds it to that.

    What is open stays so: stdin and stdout.
    """
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main() -> int:
    """Read stdin, write stdout. Ends with 0 also when the file was refused: the line says why."""
    kind = sys.argv[1]
    get_ready(kind)
    limit_itself()
    warnings.simplefilter("ignore")
    data = sys.stdin.buffer.read()
    try:
        told, content = READERS[kind](data)
    except Unfit as unfit:
        told, content = {"refused": str(unfit)}, b""
    except Image.DecompressionBombError:
        told, content = {"refused": "picture_too_large"}, b""
    except (UnidentifiedImageError, PyPdfError, OSError, ValueError, ArithmeticError, LookupError, TypeError,
            AttributeError, SyntaxError, RecursionError, MemoryError, NotImplementedError):  # fmt: skip
        told, content = {"refused": "attachment_unreadable"}, b""
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + content)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
