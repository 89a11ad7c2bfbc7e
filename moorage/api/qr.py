"""QR codes as one SVG path, made here: no picture from elsewhere, nothing that a page has to trust as HTML."""

import io

import segno

from moorage.api.schemas.factors import QrCode

_QUIET = 4  # modules around it, as ISO/IEC 18004 asks


def draw(text: str) -> QrCode:
    """Draw a text; every run of dark modules of a row is one rectangle."""
    rows = segno.make(text, error="m", micro=False).matrix_iter(border=_QUIET)
    path = io.StringIO()
    size = 0
    for y, modules in enumerate(rows):
        row = bytes(modules)
        size = len(row)
        x = 0
        while x < size:
            if not row[x]:
                x += 1
                continue
            start = x
            while x < size and row[x]:
                x += 1
            path.write(f"M{start} {y}h{x - start}v1h-{x - start}z")
    return QrCode(size=size, path=path.getvalue())
