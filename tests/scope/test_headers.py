"""Every answer carries the headers that keep a browser from doing more with it: routes, pages, errors."""

import asyncio
from urllib.parse import urlsplit

from moorage.api.pages import CONTENT_SECURITY_POLICY
from tests.scope.world import World

WANTED = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}
PAGES = (
    "/",
    "/chat/019",
    "/assets/none.js",
    "/favicon.ico",
    "/api/none",
    "/api/openapi.json",
    "/%00",
    "/..%2f..%2fetc",
)


async def test_every_answer_of_every_route_carries_the_security_headers(world: World) -> None:
    nobody, olga, own = world.harbour.somebody(), world.people["olga"], world.belongings["olga"]
    answers = {}
    for operation in world.operations():
        path = world.at(operation, own)
        answers[f"{operation.name} of nobody"] = await nobody.call(operation.method, path, world.body(operation))
        if not operation.is_unsafe:
            answers[f"{operation.name} of Olga"] = await olga.call("GET", path)
    answers |= {page: await nobody.call("GET", page) for page in PAGES}
    answers["a method that the path has not"] = await nobody.call("TRACE", "/api/team")
    wrong = [
        f"{what}: {name}: {answer.headers.get(name)}"
        for what, answer in answers.items()
        for name, value in WANTED.items()
        # A file has a second policy beside the one of all answers: a browser keeps to both.
        if value not in answer.headers.get_list(name)
    ]
    wrong += [what for what, answer in answers.items() if any("access-control" in name for name in answer.headers)]
    assert wrong == []
    policy = CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy


async def _say(world: World, raw: bytes) -> bytes:
    """Send bytes as they are and give all that comes back until the server closes, or for two seconds."""
    parts = urlsplit(world.harbour.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(raw)
        await writer.drain()
        try:
            return await asyncio.wait_for(reader.read(), 2)
        except TimeoutError:
            return b"(open)"
    finally:
        writer.close()


async def test_a_request_with_two_lengths_is_refused_and_not_taken_for_two(world: World) -> None:
    """A proxy before us and our own server must never disagree where a request ends."""
    inner = b"GET /api/health/live HTTP/1.1\r\nHost: a\r\n\r\n"
    head = b"POST /api/sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    framings = {
        "both": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "chunked, then not": b"Transfer-Encoding: chunked, identity\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "two lengths": b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
        "a list": b"Content-Length: 0, 44\r\n\r\n",
        "signed": b"Content-Length: +0\r\n\r\n",
        "spaced name": b"Content-Length : 0\r\n\r\n",
        "folded": b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "bare line feed": b"X: a\nContent-Length: 0\r\n\r\n",
        "bad chunk": b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
        "another coding": b"Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    }
    taken = {}
    for what, framing in framings.items():
        said = await _say(world, head + framing + inner)
        if said.count(b"HTTP/1.1 ") > 1 or b'"ok":true' in said:
            taken[what] = said[:400]
    assert taken == {}
