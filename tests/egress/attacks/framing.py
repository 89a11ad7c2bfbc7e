# ruff: noqa: E501 - cases read as rows
"""Servers whose bytes two readers would cut differently, and those that answer a question before it was asked."""

from typing import Final

from tests.egress.attacks.rows import ANSWERED, UPSTREAM_WORDS, ServerRow
from tests.egress.attacks.scripts import MINE, OK, POISON, chunked, each, once

_WORDS: Final = UPSTREAM_WORDS.encode()
_LENGTH: Final = b"Content-Length: 4\r\n"


def _garbled(number: str, what: str, answer: bytes, verdict: str = "bad_http") -> ServerRow:
    return ServerRow(number, what, once(answer), verdict)


# No HTTP at all, or another version of it.
NOT_HTTP: Final = (
    _garbled("S230", "a banner of SSH", b"SSH-2.0-OpenSSH " + _WORDS + b"\r\n\r\n"),
    _garbled("S231", "HTTP/0.9", b"<html>" + _WORDS + b"</html>\r\n"),
    _garbled("S232", "HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)),
    _garbled("S233", "a status line of HTTP/2", b"HTTP/2 200\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S234", "a version that does not exist", b"HTTP/9.9 200 OK\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S235", "another protocol's name", b"ICY 200 OK\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S236", "JSON without a head", b'{"error": "' + _WORDS + b'"}\r\n\r\n'),
    _garbled("S237", "zeros", bytes(100)),
    _garbled("S238", "a request instead of an answer", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    _garbled("S239", "a record of TLS inside of TLS", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03\r\n\r\n"),
    _garbled("S240", "a status of four digits", b"HTTP/1.1 1000 X\r\n\r\n"),
    _garbled("S241", "a status of two digits", b"HTTP/1.1 20 X\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S242", "status 000", b"HTTP/1.1 000 X\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S243", "status 600", b"HTTP/1.1 600 X\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S244", "status 999", b"HTTP/1.1 999 X\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S245", "a status with a letter", b"HTTP/1.1 2o0 X\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S246", "a negative status", b"HTTP/1.1 -200 X\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S247", "101 to a WebSocket", b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
    _garbled("S248", "101 to anything", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + _WORDS),
    _garbled("S249", "101 to HTTP/2", b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),
)  # fmt: skip

# What smuggling is made of: two readers would disagree on where the body ends.
SMUGGLING: Final = (
    _garbled("S260", "two different lengths", OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
    _garbled("S261", "a length and chunks", OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    _garbled("S262", "chunks and a length", OK + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n"),
    _garbled("S263", "a length with a sign", OK + b"Content-Length: +2\r\n\r\nab"),
    _garbled("S264", "a negative length", OK + b"Content-Length: -2\r\n\r\nab"),
    _garbled("S265", "a hexadecimal length", OK + b"Content-Length: 0x2\r\n\r\nab"),
    _garbled("S266", "a list of lengths", OK + b"Content-Length: 2, 2\r\n\r\nab"),
    _garbled("S267", "a length with a space inside", OK + b"Content-Length: 1 0\r\n\r\n0123456789"),
    _garbled("S268", "an empty length", OK + b"Content-Length: \r\n\r\nab"),
    _garbled("S269", "a length in other digits", OK + "Content-Length: ２\r\n\r\nab".encode()),
    _garbled("S270", "gzip as transfer", OK + b"Transfer-Encoding: gzip\r\n\r\nab"),
    _garbled("S271", "gzip and chunks as transfer", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    _garbled("S272", "chunks twice", OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    _garbled("S273", "a transfer that nobody knows", OK + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    _garbled("S274", "identity as transfer", OK + b"Transfer-Encoding: identity\r\n\r\nab"),
    _garbled("S276", "a space before the colon of the transfer", OK + b"Transfer-Encoding : chunked\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S277", "a header without a colon", OK + b"Content-Length\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S278", "a header without a name", OK + b": x\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S279", "a NUL in a header", OK + b"X: a\x00b\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S280", "a bare carriage return in a header", OK + b"X: a\rTransfer-Encoding: chunked\r\n" + _LENGTH + b"\r\nmine"),
    _garbled("S283", "a chunk with a negative size", OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nab\r\n0\r\n\r\n"),
    _garbled("S284", "a chunk with a hexadecimal mark", OK + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n"),
    _garbled("S285", "a chunk of 2**64 and one byte", OK + b"Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\nab\r\n0\r\n\r\n"),
    _garbled("S286", "a chunk with more than it says", OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n"),
    _garbled("S287", "a chunk without a size", OK + b"Transfer-Encoding: chunked\r\n\r\n\r\nab\r\n0\r\n\r\n"),
    _garbled("S288", "a size with an underscore", OK + b"Transfer-Encoding: chunked\r\n\r\n1_0\r\n0123456789abcdef\r\n0\r\n\r\n"),
)  # fmt: skip

# Unusual and harmless.
HARMLESS: Final = (
    ServerRow("S300", "no words behind the status", each(b"HTTP/1.1 200\r\n" + _LENGTH + b"\r\nmine"), ANSWERED),
    ServerRow("S301", "HTTP/1.0", each(b"HTTP/1.0 200 OK\r\n" + _LENGTH + b"\r\nmine"), ANSWERED),
    ServerRow("S302", "no length, ended by hanging up", once(OK + b"\r\nmine"), ANSWERED),
    ServerRow("S303", "chunks", each(chunked(b"mi", b"ne")), ANSWERED),
    ServerRow("S304", "chunks in capitals, with extensions", each(OK + b"Transfer-Encoding: CHUNKED\r\n\r\n4;a=b\r\nmine\r\n0\r\n\r\n"), ANSWERED),
    ServerRow("S305", "headers that are no ASCII", each(OK + b"X: \xff\xfe\r\n" + _LENGTH + b"\r\nmine"), ANSWERED),
    ServerRow("S306", "a server that hangs up after each answer", each(OK + b"Connection: close\r\n" + _LENGTH + b"\r\nmine"), ANSWERED, asks=2, dials=2),
    ServerRow("S307", "a space before the colon, which one reader can't misread", each(OK + b"Content-Length : 4\r\n\r\nmine"), ANSWERED),
    ServerRow("S308", "a folded length", each(OK + b"Content-Length:\r\n 4\r\n\r\nmine"), ANSWERED),
    ServerRow("S309", "a space before the first header", each(OK + b" X: a\r\n" + _LENGTH + b"\r\nmine"), ANSWERED),
)  # fmt: skip


def _poisoned(number: str, what: str, *pieces: bytes, late: bytes = b"", dials: int = 3) -> ServerRow:
    return ServerRow(number, what, each(*pieces, then=late), ANSWERED, asks=3, dials=dials)


# Response-queue poisoning. Three requests follow each other; whatever nobody asked for may answer none of them, and the
# connection that it came over is not used again.
POISON_AT_ONCE: Final = (
    _poisoned("S320", "a second answer in the same write", MINE + POISON),
    _poisoned("S321", "two more answers in the same write", MINE + POISON + POISON),
    _poisoned("S322", "half a second answer in the same write", MINE + POISON[:20], dials=0),
    _poisoned("S323", "a second answer without its body in the same write", MINE + POISON[:-8]),
    _garbled("S324", "a body longer than it says", MINE + _WORDS),
    _poisoned("S325", "a second answer behind chunks", chunked(b"mine") + POISON),
    _poisoned("S326", "early hints behind the answer", MINE + b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    _poisoned("S327", "a redirection behind the answer", MINE + b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"),
    _poisoned("S328", "an upgrade behind the answer", MINE + b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    _poisoned("S329", "an answer of unknown length behind the answer", MINE + OK + b"\r\nPOISONED"),
)  # fmt: skip
POISON_LATER: Final = (
    _poisoned("S340", "a second answer while nobody asks", MINE, late=POISON),
    _poisoned("S341", "two more answers while nobody asks", MINE, late=POISON + POISON),
    _poisoned("S342", "a second answer without its body while nobody asks", MINE, late=POISON[:-8]),
    _poisoned("S343", "a second head, all but its last byte, while nobody asks", MINE, late=POISON[:-9]),
    _poisoned("S344", "half a status line while nobody asks", MINE, late=POISON[:12]),
    _poisoned("S345", "one byte while nobody asks", MINE, late=b"H"),
    _poisoned("S346", "an empty line while nobody asks", MINE, late=b"\r\n"),
    _poisoned("S347", "early hints while nobody asks", MINE, late=b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    _poisoned("S348", "words while nobody asks", MINE, late=_WORDS),
    _poisoned("S349", "a time-out while nobody asks", MINE, late=b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"),
    _poisoned("S350", "a second answer behind chunks while nobody asks", chunked(b"mine"), late=POISON),
    _poisoned("S351", "nothing while nobody asks, and the connection is kept", MINE, dials=1),
)  # fmt: skip
