"""A thing of every kind that belongs to signing in, for one person: another device, a passkey, a link to a provider."""

import secrets
from uuid import UUID

from sqlalchemy import insert

from moorage.accounts.factor_tables import PasskeyRow
from moorage.accounts.provider_tables import IdentityRow
from moorage.storage.database import Database
from moorage.storage.types import db_now, new_id
from tests.support.running import PASSWORD, Harbour, Person

ISSUER = "https://login.example"


async def sign_in_things(harbour: Harbour, owner: Person, with_passkey: Person, database: Database) -> dict[str, str]:
    """Make them; gives ids by kind.

    The provider is the team's, not tested and so not switched on. The passkey is a member's who never signs in again:
    whoever has one is asked for it, and the matrix signs its people in by password.
    """
    account = {"email": owner.session["me"]["email"], "password": PASSWORD}
    await harbour.somebody().enter("/api/sign-in", account)
    devices = (await owner.get("/api/profile/sign-ins"))["devices"]
    draft = {
        "name": f"Sign-in of {owner.session['me']['name']}",
        "issuer": ISSUER,
        "client_id": "moorage",
        "client_secret": "a secret of the provider",
    }
    saved = await owner.call("PUT", "/api/team/identity-provider", draft)
    provider_id = UUID(saved.json()["provider"]["id"])
    identity_id, passkey_id, now = new_id(), new_id(), db_now()
    async with database.write() as tx:
        await tx.execute(
            insert(IdentityRow).values(
                id=identity_id,
                provider_id=provider_id,
                issuer=ISSUER,
                subject=owner.session["me"]["email"],
                user_id=UUID(owner.session["me"]["id"]),
                linked_at=now,
                used_at=now,
            )
        )
        await tx.execute(
            insert(PasskeyRow).values(
                id=passkey_id,
                user_id=UUID(with_passkey.session["me"]["id"]),
                name="Laptop",
                credential_id=secrets.token_bytes(16),
                public_key=b"not asked for here",
                sign_count=0,
                can_sync=False,
                is_backed_up=False,
                transports="",
                created_at=now,
            )
        )
    return {
        "sign_in": next(one["id"] for one in devices if not one["is_this"]),
        "identity": str(identity_id),
        "passkey": str(passkey_id),
    }
