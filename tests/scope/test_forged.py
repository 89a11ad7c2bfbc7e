"""Another site's page, or a request without the token that only our pages can read, changes nothing on any route."""

from collections.abc import Iterator
from typing import Any

import httpx2

from tests.scope.world import Attempt, World
from tests.support.running import Person

FORGED = frozenset({403})
# What a browser sends with a request of a page that is not ours; None: it does not send that header.
FOREIGN: tuple[tuple[str, dict[str, str]], ...] = (
    ("another site", {"Sec-Fetch-Site": "cross-site"}),
    ("a sister under the same domain", {"Sec-Fetch-Site": "same-site"}),
    ("a word nobody knows", {"Sec-Fetch-Site": "SAME-ORIGIN"}),
    ("another origin", {"Origin": "https://evil.example"}),
    ("no origin at all", {"Origin": "null"}),
    ("our name on another port", {"Origin": "http://127.0.0.1:1"}),
    ("our name in another's", {"Origin": "http://127.0.0.1.evil.example"}),
    ("our name as a user", {"Origin": "http://127.0.0.1@evil.example"}),
    ("an origin that is none", {"Origin": "http://["}),
)


class Browser(Person):
    """Sends exactly the headers it is told, beside cookie and token."""

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        return await self.client.request(method, path, json=body, headers=headers)


def _unsafe(world: World, headers: dict[str, str], who: str, *, only_signed_in: bool = True) -> Iterator[Attempt]:
    browser = Browser(world.people["olga"].client)
    for operation in world.operations():
        if operation.is_unsafe and not operation.is_signed and (operation.needs_sign_in or not only_signed_in):
            path = world.at(operation, world.belongings["olga"])
            yield Attempt(who, browser, operation, path, world.body(operation), FORGED, tuple(headers.items()))


async def test_without_its_token_no_unsafe_request_is_believed(world: World) -> None:
    eves, own = world.people["eve"].csrf or "", world.people["olga"].csrf or ""
    for who, token in (("none", None), ("empty", ""), ("Eve's", eves), ("cut", own[:-1]), ("longer", own + "x")):
        headers = {} if token is None else {"X-CSRF-Token": token}
        attempts = list(_unsafe(world, headers, who))
        assert len(attempts) > 20
        assert await world.expect(attempts) == []


async def test_another_sites_page_changes_nothing_even_with_the_token(world: World) -> None:
    token = world.people["olga"].csrf or ""
    for who, headers in FOREIGN:
        sent = {**headers, "X-CSRF-Token": token}
        assert await world.expect(list(_unsafe(world, sent, who, only_signed_in=False))) == []


async def test_joining_a_team_as_who_is_signed_in_takes_the_token_too(world: World) -> None:
    """The link alone must not let a page of somebody else move Olga into their team."""
    browser, link = Browser(world.people["olga"].client), world.belongings["eve"]["link"]
    before = await world.tables()
    answer = await browser.call("POST", "/api/invitations/accept", {"token": link})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf_wrong")
    assert before == await world.tables()


async def test_a_get_changes_nothing(world: World) -> None:
    """So that links, pictures and prefetching of other sites are harmless."""
    olga, before = world.people["olga"], await world.tables()
    for operation in world.operations():
        if not operation.is_unsafe:
            await olga.call("GET", world.at(operation, world.belongings["olga"]))
    assert before == await world.tables()


async def test_the_way_a_method_is_named_elsewhere_has_no_meaning(world: World) -> None:
    """Frameworks that honour such headers or fields let a form do what only a script may."""
    olga, before = world.people["olga"], await world.tables()
    for operation in world.operations():
        if operation.is_unsafe and operation.needs_sign_in:
            path = world.at(operation, world.belongings["olga"])
            for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
                await olga.call("GET", f"{path}?_method={operation.method}", None, **{name: operation.method})
    assert before == await world.tables()
