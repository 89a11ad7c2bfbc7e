"""Finds planted secrets in bytes, however they are written there: the forms that logs, exports and databases use.

tests/canary/test_the_nose.py plants each form and sees it found.
"""

import base64
import binascii
import gzip
import html
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

HALF_CHARS: Final = 8
_DEEPEST: Final = 3
_GZIP_MAGIC: Final = b"\x1f\x8b\x08"
_ZLIB_MAGICS: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_LARGEST_INFLATED: Final = 32 * 1024 * 1024

Form = Callable[[str], bytes]


def _base64_at(offset: int, encode: Callable[[bytes], bytes]) -> Form:
    """The characters that stand for a text in base64 when `offset` bytes come before it, and anything after."""

    def form(text: str) -> bytes:
        encoded = encode(b"\0" * offset + text.encode()).rstrip(b"=")
        first = (offset * 8 + 5) // 6
        last = (offset + len(text.encode())) * 8 // 6
        return encoded[first:last]

    return form


# Case is kept in these.
EXACT: Final[Mapping[str, Form]] = {
    **{f"base64 at {offset}": _base64_at(offset, base64.b64encode) for offset in range(3)},
    **{f"base64url at {offset}": _base64_at(offset, base64.urlsafe_b64encode) for offset in range(3)},
    "first half": lambda text: text[:HALF_CHARS].encode(),
    "last half": lambda text: text[-HALF_CHARS:].encode(),
    "base32": lambda text: base64.b32encode(text.encode())[: len(text) * 8 // 5 - 1],
    "base85": lambda text: base64.b85encode(text.encode())[: len(text) // 4 * 5],
    "reversed": lambda text: text[::-1].encode(),
}
# Compared with everything in small letters.
FOLDED: Final[Mapping[str, Form]] = {
    "raw": str.encode,
    "URL": lambda text: quote(text, safe="").encode(),
    "URL, each sign": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()).encode(),
    "URL twice": lambda text: quote(quote(text, safe=""), safe="").encode(),
    "form": lambda text: quote_plus(text).encode(),
    "hex": lambda text: binascii.hexlify(text.encode()),
    "hex with colons": lambda text: binascii.hexlify(text.encode(), ":"),
    "JSON": lambda text: json.dumps(text)[1:-1].encode(),
    "JSON, slashes too": lambda text: json.dumps(text)[1:-1].replace("/", "\\/").encode(),
    "JSON, each sign": lambda text: "".join(f"\\u{ord(char):04x}" for char in text).encode(),
    "HTML": lambda text: html.escape(text).encode(),
    "HTML, each sign": lambda text: "".join(f"&#{ord(char)};" for char in text).encode(),
    "HTML, each sign in hex": lambda text: "".join(f"&#x{ord(char):x};" for char in text).encode(),
    "repr of bytes": lambda text: repr(text.encode())[2:-1].encode(),
    "UTF-16": lambda text: text.encode("utf-16-le"),
    "UTF-16, the other way": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32-le"),
}


@dataclass(frozen=True)
class Hit:
    """A secret that was found."""

    secret: str
    form: str
    place: str

    def __str__(self) -> str:
        return f"{self.secret} ({self.form}) in {self.place}"


class Nose:
    """Knows secrets by name, and finds them."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._exact = [(name, form, make(text)) for name, text in secrets.items() for form, make in EXACT.items()]
        self._folded = [
            (name, form, make(text).lower()) for name, text in secrets.items() for form, make in FOLDED.items()
        ]

    def sniff(self, *heard: tuple[str, bytes]) -> list[Hit]:
        """Find every secret in every form, in data by place; what is packed is unpacked first."""
        layers = [(place + packed_in, layer) for place, data in heard for layer, packed_in in _layers(data)]
        smalls = [(place, layer.lower()) for place, layer in layers]
        return list(dict.fromkeys((*_find(self._folded, smalls), *_find(self._exact, layers))))


def _find(needles: Iterable[tuple[str, str, bytes]], layers: Sequence[tuple[str, bytes]]) -> Iterator[Hit]:
    # Much is heard more than once, and what is nowhere in all of it is looked for once: most secrets in most forms.
    places: dict[bytes, list[str]] = {}
    for place, layer in layers:
        places.setdefault(layer, []).append(place)
    everything = b"\n".join(places)
    there = [(name, form, needle) for name, form, needle in needles if needle in everything]
    for layer, where in places.items():
        for name, form, needle in there:
            if needle in layer:
                yield from (Hit(name, form, place) for place in where)


def _layers(data: bytes, depth: int = 0) -> Iterator[tuple[bytes, str]]:
    yield data, ""
    if depth >= _DEEPEST:
        return
    for name, inner in _unpacked(data):
        for layer, packed_in in _layers(inner, depth + 1):
            yield layer, f" ({name}){packed_in}"


def _unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    for magic in (_GZIP_MAGIC, *_ZLIB_MAGICS):
        bits = 31 if magic == _GZIP_MAGIC else 15
        at = data.find(magic)
        while at >= 0:
            inner = _inflate(data[at:], bits)
            if inner:
                yield "packed", inner
            at = data.find(magic, at + 1)


def _inflate(data: bytes, bits: int) -> bytes:
    try:
        return zlib.decompressobj(bits).decompress(data, _LARGEST_INFLATED)
    except zlib.error:
        return b""


def pack(text: str) -> bytes:
    """Pack a text as a log rotation would; for the control."""
    return gzip.compress(text.encode())
