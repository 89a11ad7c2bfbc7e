# ruff: noqa: E501 - cases read as rows
"""Servers that give too much, or too slowly: each is cut off by a bound, whatever it does to stay just below another."""

from typing import Final

from tests.egress.attacks.rows import ANSWERED, UPSTREAM_WORDS, Patience, ServerRow
from tests.egress.attacks.scripts import BOMB, MINE, OK, chunked, each, once, resets
from tests.egress.harbour import endless

_WORDS: Final = UPSTREAM_WORDS.encode()
_SMALL: Final = 64 * 1024
_CHUNKED: Final = OK + b"Transfer-Encoding: chunked\r\n\r\n"
_EARLY_HINTS: Final = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

# Each leaves the other deadlines far away, so that only the one that is meant can end it.
_TO_FIRST_BYTE: Final = Patience(first_byte_s=0.4)
_TO_NEXT_BYTE: Final = Patience(idle_s=0.3)
_IN_TOTAL: Final = Patience(total_s=0.5)

BODIES: Final = (
    ServerRow("S120", "a body without end, until it hangs up", endless(OK + b"\r\n", b"x" * 4096), "answer_too_large", max_body_bytes=_SMALL, over_http=False),
    ServerRow("S121", "a body without end, in chunks", endless(_CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"), "answer_too_large", max_body_bytes=_SMALL, over_http=False),
    ServerRow("S122", "a body without end, a byte a chunk", endless(_CHUNKED, b"1\r\nx\r\n" * 512), "answer_too_large", max_body_bytes=_SMALL, over_http=False),
    ServerRow("S123", "a body announced as too large", once(OK + b"Content-Length: 99999999\r\n\r\n", hold=True), "answer_too_large"),
    ServerRow("S124", "a body announced as one byte too large", once(OK + b"Content-Length: 65537\r\n\r\n", hold=True), "answer_too_large", max_body_bytes=_SMALL, over_http=False),
    ServerRow("S125", "a body announced as larger than any number", once(OK + b"Content-Length: 9" + b"9" * 30 + b"\r\n\r\n", hold=True), "bad_http"),
    ServerRow("S126", "exactly as much as is allowed", each(OK + b"Content-Length: 65536\r\n\r\n" + b"x" * _SMALL), ANSWERED, body=b"x" * _SMALL, max_body_bytes=_SMALL, over_http=False),
    ServerRow("S127", "one byte more than allowed, unannounced", once(OK + b"\r\n" + b"x" * (_SMALL + 1)), "answer_too_large", max_body_bytes=_SMALL, over_http=False),
    ServerRow("S128", "the extension of a chunk without end", endless(_CHUNKED, b"1;" + b"x" * 4096), "bad_http"),
    ServerRow("S129", "trailers without end", endless(_CHUNKED + b"1\r\nx\r\n0\r\n", b"X-A: b\r\n" * 512), "bad_http"),
    ServerRow("S130", "one trailer without end", endless(_CHUNKED + b"1\r\nx\r\n0\r\nX-A: ", b"x" * 4096), "stalled", patience=_TO_NEXT_BYTE, over_http=False),
    ServerRow("S131", "a size of a chunk without end", endless(_CHUNKED, b"0" * 4096), "bad_http"),
)  # fmt: skip

HEADS: Final = (
    ServerRow("S140", "one header of 200 kB", each(OK + b"X: " + b"a" * 200_000 + b"\r\n\r\n"), "bad_http"),
    ServerRow("S141", "one header without end", endless(OK + b"X: ", b"a" * 4096), "bad_http"),
    ServerRow("S142", "a name of a header without end", endless(OK, b"X" * 4096), "bad_http"),
    ServerRow("S143", "ten thousand headers", each(OK + b"".join(b"X-%d: a\r\n" % number for number in range(10_000)) + b"\r\n"), "bad_http"),
    ServerRow("S144", "headers without end", endless(OK, b"X-A: b\r\n" * 512), "bad_http"),
    ServerRow("S145", "one header more than allowed", each(OK + b"".join(b"X-%d: a\r\n" % number for number in range(129)) + b"\r\n"), "bad_http"),
    ServerRow("S146", "a status line of 200 kB", each(b"HTTP/1.1 200 " + b"a" * 200_000 + b"\r\n\r\n"), "bad_http"),
    ServerRow("S147", "a status line without end", endless(b"HTTP/1.1 200 ", b"a" * 4096), "bad_http"),
    ServerRow("S148", "empty lines without end", endless(b"", b"\r\n" * 2048), "bad_http"),
    ServerRow("S149", "bytes without a line's end", endless(b"", b"a" * 4096), "bad_http"),
)  # fmt: skip

SLOWNESS: Final = (
    ServerRow("S160", "no answer at all", once(hold=True), "first_byte_timeout", patience=_TO_FIRST_BYTE, over_http=False),
    ServerRow("S161", "headers, one after the other", endless(OK, b"X-A: b\r\n", pause_s=0.02), "first_byte_timeout", patience=_TO_FIRST_BYTE, over_http=False),
    ServerRow("S162", "a status line, a byte at a time", endless(b"HTTP/1.1 200 ", b"a", pause_s=0.02), "first_byte_timeout", patience=_TO_FIRST_BYTE, over_http=False),
    ServerRow("S163", "early hints without end, slowly", endless(b"", _EARLY_HINTS, pause_s=0.02), "took_too_long", patience=_IN_TOTAL, over_http=False),
    ServerRow("S164", "early hints without end, as fast as can be", endless(b"", _EARLY_HINTS * 64), "bad_http"),
    ServerRow("S165", "100 Continue without end", endless(b"", _CONTINUE * 64), "bad_http"),
    ServerRow("S166", "102 Processing without end, slowly", endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n", pause_s=0.02), "first_byte_timeout", patience=_TO_FIRST_BYTE, over_http=False),
    ServerRow("S167", "headers and no body", once(OK + b"Content-Length: 5\r\n\r\n", hold=True), "first_byte_timeout", patience=_TO_FIRST_BYTE, over_http=False),
    ServerRow("S168", "a body that stops in the middle", once(OK + b"Content-Length: 5\r\n\r\nab", hold=True), "stalled", patience=_TO_NEXT_BYTE, over_http=False),
    ServerRow("S169", "a chunk that stops in the middle", once(_CHUNKED + b"5\r\nab", hold=True), "stalled", patience=_TO_NEXT_BYTE, over_http=False),
    ServerRow("S170", "chunks that never end the body", once(_CHUNKED + b"2\r\nab\r\n", hold=True), "stalled", patience=_TO_NEXT_BYTE, over_http=False),
    ServerRow("S171", "a body, a byte at a time", endless(OK + b"\r\n", b"x", pause_s=0.02), "took_too_long", patience=_IN_TOTAL, over_http=False),
    ServerRow("S172", "chunks of one byte, slowly", endless(_CHUNKED, b"1\r\nx\r\n", pause_s=0.02), "took_too_long", patience=_IN_TOTAL, over_http=False),
    ServerRow("S173", "the size of a chunk, a digit at a time", endless(_CHUNKED + b"2\r\nab\r\n", b"0", pause_s=0.02), "stalled", patience=_TO_NEXT_BYTE, over_http=False),
    ServerRow("S174", "a hundred early hints and then an answer", each(_EARLY_HINTS * 100, MINE), ANSWERED),
    ServerRow("S175", "100 Continue and then an answer", each(_CONTINUE, MINE), ANSWERED),
)  # fmt: skip


def _packed(number: str, what: str, encoding: str, body: bytes = b"abc") -> ServerRow:
    head = f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return ServerRow(number, what, each(OK + head + body), "compressed_answer")


# Nobody asked for compression, so nothing is unpacked.
BOMBS: Final = (
    _packed("S190", "gzip, ten megabytes in ten kilobytes", "gzip", BOMB),
    _packed("S191", "br", "br"),
    _packed("S192", "zstd", "zstd"),
    _packed("S193", "deflate", "deflate"),
    _packed("S194", "gzip twice", "gzip, gzip"),
    _packed("S195", "gzip in gzip in gzip", "gzip, gzip, gzip", BOMB),
    _packed("S196", "identity and gzip", "identity, gzip"),
    _packed("S197", "gzip by its old name", "x-gzip", BOMB),
    _packed("S198", "gzip in capitals", "GZIP", BOMB),
    _packed("S199", "an encoding that nobody knows", UPSTREAM_WORDS),
    ServerRow("S200", "two headers of which the second says gzip", each(OK + b"Content-Encoding: identity\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), "compressed_answer"),
    ServerRow("S201", "gzip in chunks", each(chunked(BOMB[:2000], head=b"Content-Encoding: gzip\r\n")), "compressed_answer"),
    ServerRow("S202", "a bomb that does not say so stays packed", each(OK + b"Content-Length: %d\r\n\r\n" % len(BOMB) + BOMB), ANSWERED, body=BOMB),
    ServerRow("S203", "identity, said aloud", each(OK + b"Content-Encoding: identity\r\nContent-Length: 4\r\n\r\nmine"), ANSWERED),
)  # fmt: skip

# A broken-off answer is never taken for a whole one.
BROKEN_OFF: Final = (
    ServerRow("S210", "nothing", once(b""), "connection_lost"),
    ServerRow("S211", "half a status line", once(b"HTTP/1.1 2"), "connection_lost"),
    ServerRow("S212", "half a head", once(OK + b"Content-Le"), "connection_lost"),
    ServerRow("S213", "half a body", once(OK + b"Content-Length: 5\r\n\r\nab"), "connection_lost"),
    ServerRow("S214", "half a chunk", once(_CHUNKED + b"5\r\nab"), "connection_lost"),
    ServerRow("S215", "no last chunk", once(_CHUNKED + b"2\r\nab\r\n"), "connection_lost"),
    ServerRow("S216", "a last chunk without its empty line", once(_CHUNKED + b"2\r\nab\r\n0\r\n"), "connection_lost"),
    ServerRow("S217", "half a body, then a reset", resets(OK + b"Content-Length: 99\r\n\r\n" + _WORDS), "connection_lost"),
    ServerRow("S218", "half a body of unknown length, then a reset", resets(OK + b"\r\n" + _WORDS), "connection_lost"),
)  # fmt: skip
