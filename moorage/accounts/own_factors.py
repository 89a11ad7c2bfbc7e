"""What a person does with their own second factors: add, name, remove. Each change asks who they are first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from moorage.accounts import authenticator_app, factors, passkeys, pending, recovery_codes, roster
from moorage.accounts.authenticator_app import AppSecrets
from moorage.accounts.factor_tables import AppRow, PasskeyRow
from moorage.accounts.factors import APP, PASSKEY
from moorage.accounts.passkeys import Question, Refused
from moorage.accounts.principal import Principal
from moorage.accounts.spelling import read_name
from moorage.audit.trail import Act
from moorage.errors import Conflict, Invalid
from moorage.storage.database import Database
from moorage.vault.one_time_codes import NewAppSecret, new_app_secret
from moorage.vault.passkeys import Answer, RelyingParty, new_challenge, options_to_make, read_new

_ADD = "add"


@dataclass(frozen=True, slots=True)
class AppFacts:
    """The authenticator app."""

    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class PasskeyFacts:
    """One passkey. `suspected_at`: it was used as a copy of it would be."""

    id: UUID
    name: str
    can_sync: bool
    is_backed_up: bool
    created_at: datetime
    used_at: datetime | None
    suspected_at: datetime | None


@dataclass(frozen=True, slots=True)
class FactorFacts:
    """All second factors of a person, and how many recovery codes are left."""

    app: AppFacts | None
    passkeys: Sequence[PasskeyFacts]
    recovery_codes: int


class OwnFactors:
    """The second factors of whoever asks. Every change raises NotAllowed: proof_needed, factor_proof_needed."""

    def __init__(self, database: Database, secrets: AppSecrets) -> None:
        self._database = database
        self._secrets = secrets

    async def facts(self, principal: Principal) -> FactorFacts:
        """Read them."""
        async with self._database.read() as tx:
            apps = await tx.execute(
                select(AppRow.name, AppRow.confirmed_at.label("created_at"), AppRow.used_at).where(
                    AppRow.user_id == principal.user_id, AppRow.confirmed_at.is_not(None)
                )
            )
            app = apps.one_or_none()
            rows = await tx.execute(
                select(
                    PasskeyRow.id,
                    PasskeyRow.name,
                    PasskeyRow.can_sync,
                    PasskeyRow.is_backed_up,
                    PasskeyRow.created_at,
                    PasskeyRow.used_at,
                    PasskeyRow.suspected_at,
                )
                .where(PasskeyRow.user_id == principal.user_id)
                .order_by(PasskeyRow.created_at, PasskeyRow.id)
            )
            return FactorFacts(
                app=None if app is None else AppFacts(app.name, app.created_at, app.used_at),
                passkeys=[PasskeyFacts(**row._mapping) for row in rows],  # noqa: SLF001 - SQLAlchemy's public name
                recovery_codes=await recovery_codes.left(tx, principal.user_id),
            )

    async def begin_app(self, principal: Principal, issuer: str) -> NewAppSecret:
        """Make a secret for an app, shown this once. An app that is there stays good until the new one is confirmed."""
        new = new_app_secret(account=principal.email, issuer=issuer)
        keys = await self._secrets.keys()
        async with self._database.write() as tx:
            await factors.begin_change(tx, principal)
            await authenticator_app.begin(tx, keys, principal.user_id, new.secret)
        return new

    async def confirm_app(self, principal: Principal, code: str, name: str, request_id: str) -> list[str] | None:
        """Let the app count. Gives recovery codes when it is the first factor.

        Raises Invalid("code_wrong", field="code"), NotFound("app_gone").
        """
        tidy = read_name(name, "name")
        keys = await self._secrets.keys()
        async with self._database.write() as tx:
            before = await factors.begin_change(tx, principal)
            await authenticator_app.confirm(tx, keys, principal.user_id, code, tidy)
            act = Act("factor.added", APP, str(principal.user_id), tidy, details={"kind": APP})
            return await factors.note_added(tx, principal, before, act, request_id)

    async def rename_app(self, principal: Principal, name: str, request_id: str) -> None:
        """Rename the app. Raises NotFound("app_gone"), Invalid("name_invalid")."""
        tidy = read_name(name, "name")
        async with self._database.write() as tx:
            await factors.begin_change(tx, principal)
            await authenticator_app.rename(tx, principal.user_id, tidy)
            act = Act("factor.renamed", APP, str(principal.user_id), tidy, details={"kind": APP})
            await roster.record_in_all_teams(tx, principal.user_id, principal.actor(request_id), act)

    async def remove_app(self, principal: Principal, request_id: str) -> None:
        """Remove the app. Raises NotFound("app_gone"), Conflict("factor_required")."""
        async with self._database.write() as tx:
            before = await factors.begin_change(tx, principal)
            name = await authenticator_app.remove(tx, principal.user_id)
            act = Act("factor.removed", APP, str(principal.user_id), name, details={"kind": APP})
            await factors.note_removed(tx, principal, before, act, request_id)

    async def begin_passkey(self, principal: Principal, party: RelyingParty) -> Question:
        """Ask a browser for a new passkey; those that are there are named, so that none is made twice."""
        challenge = new_challenge()
        async with self._database.write() as tx:
            await factors.begin_change(tx, principal)
            known = await passkeys.known_of(tx, principal.user_id)
            if len(known) >= passkeys.MAX_PER_PERSON:
                raise Conflict("too_many_passkeys", count=passkeys.MAX_PER_PERSON)
            token = await pending.begin(
                tx, "add_passkey", passkeys.remember(challenge, _ADD), user_id=principal.user_id
            )
        options = options_to_make(
            party,
            challenge,
            user_handle=principal.user_id.bytes,
            email=principal.email,
            name=principal.name,
            known=known,
        )
        return Question(options, token)

    async def add_passkey(
        self, principal: Principal, party: RelyingParty, asked: str, answer: Answer, name: str, request_id: str
    ) -> list[str] | None:
        """Keep a new passkey. Gives recovery codes when it is the first factor. Raises Refused, Conflict."""
        tidy = read_name(name, "name")
        challenge = await passkeys.take_challenge(self._database, "add_passkey", _ADD, principal.user_id, asked)
        try:
            made = read_new(party, challenge, answer)
        except Invalid:
            raise Refused from None
        async with self._database.write() as tx:
            before = await factors.begin_change(tx, principal)
            passkey_id = await passkeys.add(tx, principal.user_id, made, tidy)
            act = Act("factor.added", PASSKEY, str(passkey_id), tidy, details={"kind": PASSKEY})
            return await factors.note_added(tx, principal, before, act, request_id)

    async def rename_passkey(self, principal: Principal, passkey_id: UUID, name: str, request_id: str) -> None:
        """Rename a passkey. Raises NotFound("passkey_gone"), Invalid("name_invalid")."""
        tidy = read_name(name, "name")
        async with self._database.write() as tx:
            await factors.begin_change(tx, principal)
            await passkeys.rename(tx, principal.user_id, passkey_id, tidy)
            act = Act("factor.renamed", PASSKEY, str(passkey_id), tidy, details={"kind": PASSKEY})
            await roster.record_in_all_teams(tx, principal.user_id, principal.actor(request_id), act)

    async def remove_passkey(self, principal: Principal, passkey_id: UUID, request_id: str) -> None:
        """Remove a passkey. Raises NotFound("passkey_gone"), Conflict("factor_required")."""
        async with self._database.write() as tx:
            before = await factors.begin_change(tx, principal)
            name = await passkeys.remove(tx, principal.user_id, passkey_id)
            act = Act("factor.removed", PASSKEY, str(passkey_id), name, details={"kind": PASSKEY})
            await factors.note_removed(tx, principal, before, act, request_id)

    async def new_recovery_codes(self, principal: Principal, request_id: str) -> list[str]:
        """Make ten new codes and end the old ones. Raises Conflict("factor_first")."""
        async with self._database.write() as tx:
            ways = await factors.begin_change(tx, principal)
            if not ways.has_any:
                raise Conflict("factor_first")
            codes = await recovery_codes.replace(tx, principal.user_id)
            act = Act("recovery.made", "person", str(principal.user_id), principal.name)
            await roster.record_in_all_teams(tx, principal.user_id, principal.actor(request_id), act)
            return codes
