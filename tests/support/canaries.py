"""What must never leave: unique secrets, prompts, addresses; and a search that finds them in whatever clothes."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

CANARIES: Final[Mapping[str, str]] = {
    "key": "sk-canary-4vN8qT2xLw9ZrB7m",
    "password": "correct horse kanarien staple 81",
    "base_url": "https://llm.canary-kanzlei.example/v1/geheim",
    "mail": "olga.canary@kanzlei-brandt.example",
    "person": "Olga Kanarienvogel-Brandt",
    "prompt": 'Klage "Müller ./. Café Zürich"\nStreitwert 4.711 €',
    "ipv4": "203.0.113.77",
    "ipv6": "2001:db8::dead:beef",
    "cookie": "moorage_session=c4n4ryCookieToken0123456789",
    "statement": "SELECT canary_secret FROM canary_vault",
}


def everything() -> str:
    """Give one text with all of them, as a careless error message would."""
    return " | ".join(CANARIES.values())


def clothes_of(text: str) -> Iterator[tuple[str, bytes]]:
    """Give the forms in which a text may stand in bytes, each with its name."""
    raw = text.encode()
    yield "raw", raw
    yield "url", quote(text, safe="").encode()
    yield "form", quote_plus(text).encode()
    yield "json", json.dumps(text)[1:-1].encode()
    yield "json in json", json.dumps(json.dumps(text))[3:-3].encode()
    yield "repr", repr(text)[1:-1].encode()
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    yield "utf-16-le", text.encode("utf-16-le")
    yield "utf-16-be", text.encode("utf-16-be")
    yield "latin-1", text.encode("latin-1", "replace")
    yield "backwards", raw[::-1]
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # The sign at each end also holds bits of its neighbours.
            whole = encode(b"\0" * offset + raw)
            cut = whole[{0: 0, 1: 2, 2: 3}[offset] :].rstrip(b"=")
            yield f"base64+{offset}", cut[: -(1 if (len(raw) + offset) % 3 else 0) or None]
    for end in (raw[:10], raw[-10:]):
        yield "a piece", end


def found_in(data: bytes) -> list[str]:
    """Name every canary that stands in `data`, with the clothes it wears."""
    return [f"{name} ({form})" for name, text in CANARIES.items() for form, worn in clothes_of(text) if worn in data]
