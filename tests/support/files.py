"""Files that people attach: ordinary ones, ones that tell too much, and ones that are made to do harm."""

import io
import zlib
from collections.abc import Sequence

from PIL import Image, PngImagePlugin

CAMERA = "SECRETCAM"
COMMENT = "taken at home"


def photo(size: tuple[int, int] = (320, 200), *, kind: str = "JPEG") -> bytes:
    """A picture that says where and with what it was taken."""
    picture = Image.radial_gradient("L").resize(size).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = CAMERA
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    out = io.BytesIO()
    if kind == "PNG":
        told = PngImagePlugin.PngInfo()
        told.add_text("Comment", COMMENT)
        picture.save(out, kind, pnginfo=told, exif=exif)
    elif kind == "JPEG":
        picture.save(out, kind, exif=exif, comment=COMMENT.encode())
    else:
        picture.save(out, kind)
    return out.getvalue()


def pdf(*pages: str) -> bytes:
    """A PDF with one line of text on each page; "" is a page without any."""
    bodies = [f"BT /F1 18 Tf 40 700 Td ({text}) Tj ET".encode("latin-1") if text else b"" for text in pages]
    return _assemble([_stream(body) for body in bodies])


def pdf_bomb(mib: int = 400) -> bytes:
    """A PDF of a few hundred KB whose one page unpacks to so many MiB of drawing."""
    packer = zlib.compressobj(9)
    piece = b"q " * 512 * 1024
    packed = b"".join([*(packer.compress(piece) for _ in range(mib)), packer.flush()])
    return _assemble([b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream"])


def slow_pdf(letters: int = 4_000_000) -> bytes:
    """A PDF with so many letters on its one page, each drawn by itself."""
    return _assemble([_stream(b"BT /F1 12 Tf " + b"(a)Tj " * letters + b"ET")])


def picture_bomb(edge: int = 60_000) -> bytes:
    """A PNG of a few KB that says it is that wide and high."""
    head = b"\x89PNG\r\n\x1a\n"
    size = edge.to_bytes(4) * 2 + b"\x08\x00\x00\x00\x00"
    return head + _chunk(b"IHDR", size) + _chunk(b"IDAT", zlib.compress(b"\x00" * 4096)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream"


def _assemble(contents: Sequence[bytes]) -> bytes:
    font = 3 + 2 * len(contents)
    kids = b" ".join(b"%d 0 R" % (3 + 2 * at) for at in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % len(contents),
    ]
    for at, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 %d 0 R >> >> >>" % (4 + 2 * at, font)
        )
        objects.append(content)
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    size = len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size + table
    return out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
