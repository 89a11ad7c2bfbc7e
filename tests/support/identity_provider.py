"""An identity provider that is not ours: panva's oidc-provider over TLS, and a person who walks through its pages."""

import contextlib
import html
import json
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2
import pytest
from joserfc.jwk import ECKey, RSAKey

from tests.support.authority import TestAuthority
from tests.support.peers import RECIPES, free_port, running
from tests.support.programs import find_node

ACCOUNTS: dict[str, dict[str, Any]] = {
    "olga-at-brandt": {"name": "Olga Brandt", "email": "olga.brandt@example.org", "email_verified": True},
    "mia-at-brandt": {"name": "Mia Sommer", "email": "mia.sommer@example.org", "email_verified": True},
    "adam-at-brandt": {"name": "Adam Winter", "email": "adam.winter@example.org", "email_verified": False},
}
_FORM = re.compile(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"')


@dataclass
class IdentityProvider:
    """A running provider. Its clients are `basic`, `post`, `public` and `es256`; any password is right."""

    port: int
    ca_pem: Path
    accounts_file: Path

    @property
    def issuer(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def allowed(self) -> str:
        """What the operator of a deployment lets through."""
        return f"localhost:{self.port}=127.0.0.1/32"

    def secret(self, client_id: str) -> str:
        return f"secret of {client_id}: 50 % a+"

    def set_accounts(self, **changes: dict[str, Any]) -> None:
        """Give people other claims from their next sign-in on; underscores in names stand for hyphens."""
        renamed = {
            name.replace("_", "-"): {**ACCOUNTS[name.replace("_", "-")], **more} for name, more in changes.items()
        }
        self.accounts_file.write_text(json.dumps({**ACCOUNTS, **renamed}))

    def browser(self) -> httpx2.Client:
        """Give a browser that trusts this provider and keeps its cookies."""
        return httpx2.Client(verify=ssl.create_default_context(cafile=str(self.ca_pem)), trust_env=False, timeout=30)

    def sign_in(self, url: str, login: str, browser: httpx2.Client | None = None) -> dict[str, str]:
        """Walk from the authorization address through login and consent; give what comes back in the query."""
        with contextlib.ExitStack() as stack:
            visitor = browser or stack.enter_context(self.browser())
            answer = visitor.get(url)
            for _ in range(12):
                if answer.is_redirect:
                    target = urljoin(str(answer.url), answer.headers["location"])
                    if urlsplit(target).port != self.port:
                        return dict(parse_qsl(urlsplit(target).query))
                    answer = visitor.get(target)
                    continue
                form = _FORM.search(answer.text)
                assert form is not None, f"{answer.status_code} {answer.text[:600]}"
                fields = dict(_HIDDEN.findall(form[2])) | {"login": login, "password": "any"}
                answer = visitor.post(urljoin(str(answer.url), html.unescape(form[1])), data=fields)
            raise AssertionError("the provider's pages lead nowhere")

    def log_out(self, browser: httpx2.Client) -> str:
        """Sign out at the provider; give the logout token that it sends for that."""
        page = browser.get(f"{self.issuer}/session/end")
        form = _FORM.search(page.text)
        assert form is not None, page.text[:600]
        fields = dict(_HIDDEN.findall(form[2])) | {"logout": "yes"}
        browser.post(urljoin(str(page.url), html.unescape(form[1])), data=fields)
        sent = self.accounts_file.with_name(f"{self.accounts_file.name}.logouts").read_text()
        return dict(parse_qsl(sent.splitlines()[-1]))["logout_token"]


@contextlib.contextmanager
def run_identity_provider(directory: Path) -> Iterator[IdentityProvider]:
    """Run the provider until the block ends."""
    if not (RECIPES / "node_modules" / "oidc-provider").exists():
        pytest.fail("oidc-provider is not installed: python3 tools/prepare.py peers", pytrace=False)
    authority = TestAuthority(directory)
    certificate, key = authority.write_pair(directory, "localhost", "127.0.0.1")
    port = free_port()
    provider = IdentityProvider(port, authority.ca_pem, directory / "accounts.json")
    provider.set_accounts()
    keys = [
        RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"}).as_dict(private=True),
        ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"}).as_dict(private=True),
    ]
    command = [str(find_node()), str(RECIPES / "oidc" / "provider.mjs"), str(port), str(certificate), str(key)]
    command += [str(provider.accounts_file)]
    environment = {"PROVIDER_JWKS": json.dumps({"keys": keys}), "NODE_ENV": "production"}
    with running(command, port=port, log=directory / "provider.log", start_timeout_s=30, env=environment):
        yield provider


@pytest.fixture(scope="session")
def shared_identity_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    """Give a running provider, one per test process."""
    with run_identity_provider(tmp_path_factory.mktemp("identity-provider")) as provider:
        yield provider


@pytest.fixture
def identity_provider(shared_identity_provider: IdentityProvider) -> IdentityProvider:
    """Give the provider with everybody's claims as they were at first."""
    shared_identity_provider.set_accounts()
    return shared_identity_provider
