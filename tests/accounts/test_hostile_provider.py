"""A provider that lies is found out, each lie by its own name, and nobody is signed in by it."""

import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from joserfc.jwk import ECKey, OKPKey, RSAKey

from moorage.accounts.oidc.claims import Claims
from moorage.accounts.oidc.client import OidcClient, Registration, Way
from moorage.accounts.oidc.flow import Attempt, Returned, complete
from moorage.accounts.oidc.refusals import ProviderRefused
from moorage.egress.door import Door, Scope
from moorage.egress.policy import Address, AddressPolicy, Exceptions
from moorage.egress.urls import parse_base_url
from moorage.vault.secret import Secret
from moorage.vault.tokens import new_token
from tests.accounts.provider_lies import DISCOVERY, LIES, NOW
from tests.support.authority import TestAuthority
from tests.support.hostile_provider import (
    HostileProvider,
    as_json,
)

REDIRECT_URI = "https://moorage.example.com/sign-in/return/deployment"


class Loopback:
    """Resolves every name to this machine."""

    async def resolve(self, host: str, port: int, team: str) -> list[Address]:
        return [ip_address("127.0.0.1")]


@dataclass
class Gate:
    """The relying side in front of one provider, with a clock that tests turn."""

    provider: HostileProvider
    client: OidcClient
    way: Way
    clock: list[float]
    secret: Secret | None = None

    @property
    def registration(self) -> Registration:
        return Registration(self.provider.issuer, "moorage", self.secret, "openid", "groups")

    async def begin(self) -> tuple[Attempt, dict[str, str]]:
        attempt = Attempt(new_token().text, REDIRECT_URI)
        metadata = await self.client.metadata(self.way, self.provider.issuer)
        return attempt, self.provider.authorize(attempt.url(metadata, self.registration))

    async def finish(self, attempt: Attempt, brought: dict[str, str], **proof: float) -> Claims:
        returned = Returned(brought["state"], brought.get("code"), brought.get("iss"), brought.get("error"))
        return await complete(self.client, self.way, self.registration, attempt, returned, now_s=time.time(), **proof)

    async def sign_in(self) -> Claims:
        return await self.finish(*(await self.begin()))


@pytest_asyncio.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    """Give a gate before a provider that does not lie yet."""
    authority = TestAuthority(tmp_path)
    async with HostileProvider(authority.server_context("localhost")) as provider, _gate(provider, authority) as gate:
        yield gate


@asynccontextmanager
async def _gate(provider: HostileProvider, authority: TestAuthority) -> AsyncIterator[Gate]:
    exceptions = Exceptions.parse(f"localhost:{provider.port}=127.0.0.1/32")
    policy = AddressPolicy(exceptions=exceptions, own_addresses=frozenset(), own_hosts=frozenset())
    door = Door(policy=policy, resolver=Loopback(), extra_ca_file=authority.ca_pem)
    clock = [1000.0]
    way = Way(door, Scope("team", "provider"), lambda text: parse_base_url(text, exceptions=exceptions))
    yield Gate(provider, OidcClient(clock=lambda: clock[0]), way, clock)
    await door.aclose()


async def test_a_provider_that_does_not_lie_is_believed(gate: Gate) -> None:
    claims = await gate.sign_in()
    assert (claims.subject, claims.email, claims.is_mail_verified) == ("subject-1", "mia.sommer@example.org", True)


@pytest.mark.parametrize("lie", LIES)
async def test_every_lie_of_a_provider_is_found_out_by_its_own_name(gate: Gate, lie: str) -> None:
    tell, finding = LIES[lie]
    tell(gate.provider)
    with pytest.raises(ProviderRefused) as refused:
        await gate.sign_in()
    assert refused.value.finding == finding


def test_there_are_enough_lies() -> None:
    assert len(LIES) >= 60
    assert len({finding for _, finding in LIES.values()}) >= 30


@pytest.mark.parametrize("kind", ["PS256", "ES256", "EdDSA"])
async def test_the_other_algorithms_on_the_list_hold_too(gate: Gate, kind: str) -> None:
    makes: dict[str, Callable[[], Any]] = {
        "PS256": lambda: RSAKey.generate_key(2048, {"kid": "k"}),
        "ES256": lambda: ECKey.generate_key("P-256", {"kid": "k"}),
        "EdDSA": lambda: OKPKey.generate_key("Ed25519", {"kid": "k"}),
    }
    key = makes[kind]()
    gate.provider.key = key
    gate.provider.keys = [key.as_dict(private=False)]
    gate.provider.header = {"alg": kind, "kid": "k"}
    gate.provider.metadata = lambda document: {**document, "id_token_signing_alg_values_supported": [kind]}
    gate.provider.claims = lambda claims: {name: value for name, value in claims.items() if name != "at_hash"}
    assert (await gate.sign_in()).subject == "subject-1"


async def test_a_code_is_worth_nothing_the_second_time(gate: Gate) -> None:
    attempt, brought = await gate.begin()
    await gate.finish(attempt, brought)
    with pytest.raises(ProviderRefused) as refused:
        await gate.finish(attempt, brought)
    assert refused.value.finding == "oidc_code_refused"


async def test_a_code_of_another_browsers_sign_in_is_worth_nothing(gate: Gate) -> None:
    """The attacker's own code, put into somebody else's return: login CSRF."""
    _, attackers = await gate.begin()
    victim, _ = await gate.begin()
    with pytest.raises(ProviderRefused) as refused:
        await gate.finish(victim, attackers)
    assert refused.value.finding == "oidc_state"
    # Even with the victim's state, the code does not fit the verifier.
    with pytest.raises(ProviderRefused) as unproved:
        await gate.finish(victim, {**attackers, "state": victim.state})
    assert unproved.value.finding == "oidc_code_refused"


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"iss": None}, "oidc_response_issuer_missing"),
        ({"iss": "https://evil.example.com"}, "oidc_response_issuer"),
        ({"code": None}, "oidc_code_missing"),
        ({"code": "x" * 5000}, "oidc_code_missing"),
        ({"error": "access_denied"}, "oidc_denied"),
        ({"error": "<script>alert(1)</script>"}, "oidc_error"),
    ],
)
async def test_what_comes_back_is_checked_before_anything_is_asked(
    gate: Gate, changes: dict[str, Any], finding: str
) -> None:
    attempt, brought = await gate.begin()
    asked = len(gate.provider.asked)
    with pytest.raises(ProviderRefused) as refused:
        await gate.finish(attempt, {**brought, **changes})
    assert refused.value.finding == finding
    assert len(gate.provider.asked) == asked


async def test_an_issuer_in_the_answer_counts_even_if_it_was_not_announced(gate: Gate) -> None:
    gate.provider.metadata = lambda document: {
        **document, "authorization_response_iss_parameter_supported": False
    }  # fmt: skip
    attempt, brought = await gate.begin()
    with pytest.raises(ProviderRefused) as refused:
        await gate.finish(attempt, {**brought, "iss": "https://evil.example.com"})
    assert refused.value.finding == "oidc_response_issuer"
    attempt, brought = await gate.begin()
    assert (await gate.finish(attempt, {"code": brought["code"], "state": brought["state"]})).subject == "subject-1"


async def test_a_new_key_is_looked_for_once_in_a_while_and_an_old_one_is_not_believed_any_more(gate: Gate) -> None:
    await gate.sign_in()
    old = gate.provider.key
    gate.provider.key = RSAKey.generate_key(2048, {"kid": "new"})
    gate.provider.keys = [gate.provider.key.as_dict(private=False)]
    gate.provider.header["kid"] = "new"
    with pytest.raises(ProviderRefused):
        await gate.sign_in()  # asked a moment ago
    gate.clock[0] += 31
    await gate.sign_in()
    gate.provider.key = old
    gate.provider.header["kid"] = "main"
    gate.clock[0] += 31
    with pytest.raises(ProviderRefused) as refused:
        await gate.sign_in()
    assert refused.value.finding == "oidc_key_unknown"
    assert sum(path == "/jwks" for _, path, _ in gate.provider.asked) == 3


async def test_the_provider_is_asked_for_its_document_once_in_ten_minutes(gate: Gate) -> None:
    for _ in range(3):
        await gate.sign_in()
    assert sum(path == DISCOVERY for _, path, _ in gate.provider.asked) == 1
    gate.clock[0] += 601
    await gate.sign_in()
    assert sum(path == DISCOVERY for _, path, _ in gate.provider.asked) == 2


async def test_a_dead_provider_is_not_asked_at_every_press_of_a_button(gate: Gate) -> None:
    gate.provider.pages[DISCOVERY] = as_json({}, 503)
    for _ in range(3):
        with pytest.raises(ProviderRefused):
            await gate.begin()
    assert len(gate.provider.asked) == 1
    gate.clock[0] += 11
    del gate.provider.pages[DISCOVERY]
    await gate.sign_in()


async def test_an_issuer_with_a_path_is_found_in_all_three_places(tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    context = authority.server_context("localhost")
    async with (
        HostileProvider(context, path="/realms/brandt") as provider,
        _gate(provider, authority) as gate,
    ):
        assert (await gate.sign_in()).subject == "subject-1"
        for place in ("openid-configuration", "oauth-authorization-server"):
            document = as_json(provider.document())
            missing = {f"/realms/brandt{DISCOVERY}": as_json({}, 404)}
            provider.pages = {**missing, f"/.well-known/{place}/realms/brandt": document}
            gate.clock[0] += 601
            assert (await gate.sign_in()).subject == "subject-1"


async def test_an_issuer_with_a_slash_at_its_end_keeps_it(tmp_path: Path) -> None:
    """Authentik's is one. Without the slash it is another issuer."""
    authority = TestAuthority(tmp_path)
    path = "/application/o/moorage/"
    context = authority.server_context("localhost")
    async with HostileProvider(context, path=path) as provider, _gate(provider, authority) as gate:
        base = f"https://localhost:{provider.port}/application/o"
        document = {**provider.document(), "token_endpoint": f"{base}/token/", "jwks_uri": f"{base}/jwks/"}
        provider.pages[f"{path}.well-known/openid-configuration"] = as_json(document)
        metadata = await gate.client.metadata(gate.way, provider.issuer)
        assert (metadata.token.path, metadata.keys.path) == ("/application/o/token/", "/application/o/jwks/")
        with pytest.raises(ProviderRefused) as refused:
            await gate.client.metadata(gate.way, provider.issuer.rstrip("/"))
        assert refused.value.finding == "oidc_issuer_differs"


async def test_the_secret_goes_to_the_token_endpoint_alone(gate: Gate) -> None:
    gate.secret = Secret("a secret: ä&%")
    await gate.sign_in()
    expected = "Basic " + base64.b64encode(b"moorage:a+secret%3A+%C3%A4%26%25").decode()
    carried = {path: fields["authorization"] for _, path, fields in gate.provider.asked}
    assert carried == {DISCOVERY: "", "/jwks": "", "/token": expected}


async def test_a_provider_that_does_not_ask_again_proves_nothing(gate: Gate) -> None:
    attempt, brought = await gate.begin()
    with pytest.raises(ProviderRefused) as refused:
        await gate.finish(attempt, brought, authenticated_after_s=time.time())
    assert refused.value.finding == "oidc_auth_time"
    gate.provider.claims = lambda claims: {**claims, "auth_time": NOW - 3600}
    attempt, brought = await gate.begin()
    with pytest.raises(ProviderRefused):
        await gate.finish(attempt, brought, authenticated_after_s=time.time())
    gate.provider.claims = lambda claims: {**claims, "auth_time": int(time.time())}
    attempt, brought = await gate.begin()
    await gate.finish(attempt, brought, authenticated_after_s=time.time())


async def test_userinfo_about_somebody_else_is_not_taken(gate: Gate) -> None:
    gate.provider.metadata = lambda document: {**document, "userinfo_endpoint": f"{gate.provider.issuer}/me"}
    gate.provider.pages["/me"] = as_json({"sub": "olga", "groups": ["leads"]})
    with pytest.raises(ProviderRefused) as refused:
        await gate.sign_in()
    assert refused.value.finding == "oidc_userinfo_sub"
    gate.provider.pages["/me"] = as_json({"sub": "subject-1", "groups": ["leads"], "email": "olga@example.com"})
    claims = await gate.sign_in()
    # What was signed counts for more.
    assert (claims.groups, claims.email) == (frozenset({"leads"}), "mia.sommer@example.org")


async def test_an_address_and_whether_it_is_verified_come_from_one_source(gate: Gate) -> None:
    gate.provider.metadata = lambda document: {**document, "userinfo_endpoint": f"{gate.provider.issuer}/me"}
    theirs = {"sub": "subject-1", "email": "me@evil.example.org", "email_verified": True}

    async def read(signed: dict[str, Any], sent: dict[str, Any]) -> tuple[str, bool]:
        gate.provider.claims = lambda claims: {
            **{name: value for name, value in claims.items() if not name.startswith("email")}, **signed
        }  # fmt: skip
        gate.provider.pages["/me"] = as_json({"sub": "subject-1", **sent})
        claims = await gate.sign_in()
        return claims.email, claims.is_mail_verified

    # The victim's address was signed without a word on it; the word is about another.
    assert await read({"email": "victim@example.com"}, theirs) == ("me@evil.example.org", True)
    only_a_word = {"email_verified": True, "xms_edov": True}
    assert await read({"email": "victim@example.com"}, only_a_word) == ("victim@example.com", False)
    assert await read(only_a_word, {"email": "victim@example.com"}) == ("victim@example.com", False)
    said_no = {"email": "victim@example.com", "email_verified": False}
    assert await read(said_no, theirs) == ("victim@example.com", False)
    assert await read({}, theirs) == ("me@evil.example.org", True)


async def test_groups_that_lie_elsewhere_are_noticed(gate: Gate) -> None:
    gate.provider.claims = lambda claims: {**claims, "_claim_names": {"groups": "src1"}}
    assert (await gate.sign_in()).groups_elsewhere
