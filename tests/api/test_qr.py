"""The path that a page draws is the code that a camera reads."""

import re

import segno

from moorage.api.qr import draw

TEXT = "otpauth://totp/Moorage:olga%2Btest@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Moorage"


def test_every_module_of_the_code_is_in_the_path_and_nothing_else() -> None:
    drawn = draw(TEXT)
    dark = set()
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", drawn.path):
        dark |= {(int(x) + at, int(y)) for at in range(int(width))}
    rows = [list(row) for row in segno.make(TEXT, error="m", micro=False).matrix_iter(border=4)]
    assert drawn.size == len(rows)
    assert dark == {(x, y) for y, row in enumerate(rows) for x, module in enumerate(row) if module}
