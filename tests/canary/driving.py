"""Drives every route with secrets wherever something can be typed: good, bad and malformed, as each of the cast."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from tests.canary.planting import Ear
from tests.scope.world import Operation, World, some_of
from tests.support.running import PASSWORD, Person
from tests.support.second_factors import code_of

CAST = ("olga", "adam", "mia", "eve")
PAGES = (
    "/", "/sign-in", "/sign-up", "/chat", "/settings/models", "/settings/security", "/settings/team/sign-in",
    "/settings/statistics", "/settings/audit", "/assets/none.js", "/favicon.ico", "/api/openapi.json", "/api/none",
)  # fmt: skip


class Drive:
    """One tour through all routes: secrets in the fields they belong in, and wherever else a text fits."""

    def __init__(self, world: World, ear: Ear, client_pem: str) -> None:
        self._world = world
        self._ear = ear
        self._fields = ear.planted.fields(world.harbour.models.base_url, client_pem)
        self._refused: Mapping[str, Any] = ear.planted.refused_fields(client_pem)

    async def everything(self) -> None:
        """Good requests of everybody, then bad ones, then those that take things away."""
        operations = self._world.operations()
        lasting = [one for one in operations if one.method != "DELETE" and not one.path.endswith("sign-out")]
        ending = [one for one in operations if one not in lasting]
        for name in CAST:
            for operation in lasting:
                await self._good(name, self._world.people[name], operation)
        for operation in operations:
            await self._good("nobody", self._world.harbour.somebody(), operation)
            for name, person in (("adam", self._world.people["adam"]), ("nobody", self._world.harbour.somebody())):
                await self._bad(name, person, operation)
        # Without a mail server, the usual body's mail address would be refused.
        invitation = {"role": "member", "note": "by link"}
        await self._heard("olga", self._world.people["olga"], "POST /api/team/invitations", invitation)
        await self._second_factor("mia")
        for operation in ending:
            await self._good("olga", self._world.people["olga"], operation)
        for page in PAGES:
            for secret in ("", *self._texts()):
                await self._send("nobody", self._world.harbour.somebody(), "GET", page + secret, "page", f"?{secret}")

    async def _second_factor(self, name: str) -> None:
        """Set an app up with its right code, make recovery codes, and sign in with one of them."""
        person, new = self._world.people[name], self._world.harbour.somebody()
        account = {"email": person.session["me"]["email"], "password": PASSWORD}
        setup = await self._heard(name, person, "POST /api/second-factors/app")
        code = {"code": code_of(setup["secret"]), "name": "Phone"}
        await self._heard(name, person, "POST /api/second-factors/app/confirmation", code)
        codes = await self._heard(name, person, "POST /api/second-factors/recovery-codes")
        await self._heard(name, new, "POST /api/sign-in", account)
        await self._heard(name, new, "POST /api/sign-in/recovery-code", {"code": codes["codes"][0]})

    async def _heard(self, name: str, person: Person, what: str, body: Any = None) -> Any:
        method, path = what.split()
        answer = await person.call(method, path, body)
        self._ear.hear_answer(f"{what} good as {name}", answer)
        assert answer.status_code == 200, f"{what}: {answer.status_code} {answer.text}"
        person.csrf = answer.json().get("csrf_token", person.csrf)
        return answer.json()

    async def looking(self) -> None:
        """Only what changes nothing, as each of the cast."""
        for name in CAST:
            for operation in self._world.operations():
                if not operation.is_unsafe:
                    await self._good(name, self._world.people[name], operation)

    def _texts(self) -> list[str]:
        """All that somebody could type or paste; what only the operator configures stays out of requests."""
        typed = ("api key", "typed key", "base path", "password", "private key", "query")
        return [self._ear.planted[name] for name in typed]

    async def _good(self, name: str, person: Person, operation: Operation) -> None:
        own = self._world.belongings["eve" if name == "eve" else "olga"]
        typed = self._refused if name == "adam" else self._fields
        body = self._world.body(operation, token=own["link"], **typed)
        await self._send(
            name, person, operation.method, self._world.at(operation, own), f"{operation.name} good", "", body
        )
        await self._stay_signed_in(name, person)

    async def _bad(self, name: str, person: Person, operation: Operation) -> None:
        """Each way to get something wrong, with secrets in it."""
        own, what = self._world.belongings["olga"], f"{operation.name} bad"
        path = self._world.at(operation, own)
        for body in self._bad_bodies(operation):
            await self._send_raw(name, person, operation.method, path, what, body)
        for secret in self._texts()[:3]:
            for wrong in some_of(operation.ids):
                nowhere = self._world.at(operation, own, **dict.fromkeys(wrong, quote(secret, safe="")))
                await self._send(name, person, operation.method, nowhere, what, "", {})
            await self._send(
                name, person, operation.method, path, what, f"?api_key={secret}&before={secret}&to={secret}"
            )
            await self._send(name, person, operation.method, path, what, "", None, **_headers(secret))

    def _bad_bodies(self, operation: Operation) -> Iterator[bytes]:
        good = self._world.body(operation, **self._fields)
        everything = json.dumps(dict(self._fields))
        yield everything.encode()
        yield everything[:-20].encode()
        yield b"[" + everything.encode() + b"]"
        yield everything.encode("utf-16")
        if good is None:
            return
        for name in good:
            for secret in self._texts()[:2]:
                for value in ([secret], {secret: secret}, secret, f"\x00{secret}\ud800", secret * 400):
                    yield json.dumps({**good, name: value}).encode()
        yield json.dumps({**good, "unknown": self._texts()}).encode()

    async def _send(
        self, name: str, person: Person, method: str, path: str, what: str, query: str, body: Any = None, **headers: str
    ) -> None:
        answer = await person.call(method, path + query, body, **headers)
        self._ear.hear_answer(f"{what} as {name}", answer)

    async def _send_raw(self, name: str, person: Person, method: str, path: str, what: str, body: bytes) -> None:
        sent = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/json", "X-CSRF-Token": person.csrf or ""}
        answer = await person.client.request(method, path, content=body, headers=sent)
        self._ear.hear_answer(f"{what} as {name}", answer)

    async def _stay_signed_in(self, name: str, person: Person) -> None:
        if name == "nobody":
            return
        answer = await person.call("GET", "/api/session")
        self._ear.hear_answer(f"GET /api/session good as {name}", answer)
        session = answer.json()
        person.csrf = session["csrf_token"]
        if session["me"] is None or session["me"]["id"] != person.session["me"]["id"]:
            account = {"email": person.session["me"]["email"], "password": PASSWORD}
            again = await person.call("POST", "/api/sign-in", account)
            self._ear.hear_answer(f"POST /api/sign-in good as {name}", again)
            person.csrf = again.json()["csrf_token"]


def _headers(secret: str) -> dict[str, str]:
    names = ("Authorization", "Last-Event-ID", "Accept-Language", "Referer", "User-Agent", "X-Request-ID", "X-API-Key")
    return {name: f"Bearer {secret}" if name == "Authorization" else secret for name in names}
