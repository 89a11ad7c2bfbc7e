"""An operator at the desk, and a billing system that signs: made apart from the product, by the standard library."""

import hashlib
import hmac
import json
import time
from typing import Any

import httpx2

from tests.support.running import Harbour, Person
from tests.support.second_factors import code_of

BILLING_KEY = "a-key-that-a-billing-system-holds-too"
OLD_KEY = "the-key-before-this-one-which-is-still-good"


async def with_second_factor(person: Person) -> Person:
    """Let a person add an authenticator app; their sign-in has had a second factor from then on."""
    setup = await person.post("/api/second-factors/app")
    code = {"code": code_of(setup["secret"]), "name": "Phone"}
    added = await person.post("/api/second-factors/app/confirmation", code)
    person.csrf = added["csrf_token"]
    return person


async def operator_of(harbour: Harbour) -> Person:
    """Give Olga, whose account is the first and so an operator's, at a sign-in with a second factor."""
    return await with_second_factor(await harbour.olga())


def sign(body: bytes, at: int | str, key: str = BILLING_KEY) -> str:
    """Sign as docs/billing.md says."""
    return "v1=" + hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


async def send_event(
    harbour: Harbour, event: Any, *, at: int | str | None = None, key: str = BILLING_KEY, **headers: str
) -> httpx2.Response:
    """Send a billing event from a program that is no browser; `event` is a document, or bytes as they are."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    moment = int(time.time()) if at is None else at
    sent = {"Moorage-Timestamp": str(moment), "Moorage-Signature": sign(body, moment, key), **headers}
    kept = {name: value for name, value in sent.items() if value != ""}
    client = harbour.somebody().client
    return await client.post("/api/billing/events", content=body, headers=kept)
