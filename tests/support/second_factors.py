"""People with second factors for tests: apps that count, authenticators in software, the parts that judge them."""

import base64
import time
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from moorage.accounts.authenticator_app import AppSecrets
from moorage.accounts.factors import NextStep
from moorage.accounts.own_factors import OwnFactors
from moorage.accounts.principal import Principal
from moorage.accounts.second_step import SecondStep
from moorage.accounts.visit import Visit
from moorage.storage.database import Database
from moorage.vault.keyring import KeyRing
from moorage.vault.keys import Vault
from moorage.vault.passkeys import RelyingParty
from moorage.vault.sources import LocalSource, Sources
from moorage.vault.tokens import NewToken
from tests.support.authenticator import Authenticator

PARTY = RelyingParty("moorage.example", "https://moorage.example", "Moorage")
RING = "k1:" + base64.b64encode(bytes(range(32))).decode()


def code_of(secret: str, steps_from_now: int = 0) -> str:
    """Give what an app shows now, or some steps of 30 seconds from now."""
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    return totp.generate(time.time() + 30 * steps_from_now).decode()


def next_code_of(secret: str) -> str:
    """Give the next code, which is taken already: good after the present one, and still so if the step ends now."""
    return code_of(secret, 1)


def entered(found: NewToken | NextStep) -> NewToken:
    """Give the token of somebody who is in."""
    assert isinstance(found, NewToken)
    return found


def held_up(found: NewToken | NextStep) -> str:
    """Give the token of a sign-in that waits for its second step."""
    assert isinstance(found, NextStep)
    return found.token.text


@dataclass
class Safe:
    """The parts that keep and judge second factors."""

    own: OwnFactors
    step: SecondStep

    async def add_app(self, who: Principal) -> tuple[str, list[str] | None]:
        """Set an app up; gives its secret, and recovery codes if it was the first factor. Uses this minute's code."""
        new = await self.own.begin_app(who, "Moorage")
        codes = await self.own.confirm_app(who, code_of(new.text), "Phone", "r")
        return new.text, codes

    async def add_passkey(self, who: Principal, authenticator: Authenticator, **lies: Any) -> list[str] | None:
        """Make a passkey with an authenticator."""
        asked = await self.own.begin_passkey(who, PARTY)
        answer = authenticator.make(asked.options, **lies)
        return await self.own.add_passkey(who, PARTY, asked.token.text, answer, "Laptop", "r")

    async def enter_by_passkey(
        self, authenticator: Authenticator, visit: Visit, step: str | None = None, **lies: Any
    ) -> NewToken:
        """Sign in by passkey."""
        asked = await self.step.ask_for_passkey(PARTY, step, visit)
        answer = authenticator.use(asked.options, **lies)
        return await self.step.by_passkey(PARTY, step, asked.token.text, answer, visit)


def vault_over(database: Database) -> Vault:
    """Make a vault with a ring of its own."""
    return Vault(database, Sources(LocalSource(KeyRing.from_text(RING))))


def safe_for(database: Database, **parts: Any) -> Safe:
    """Make the parts over a database."""
    secrets = AppSecrets(vault_over(database))
    return Safe(OwnFactors(database, secrets), SecondStep(database, secrets, **parts))
