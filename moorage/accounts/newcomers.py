"""People whom a provider brings for the first time: an account of their own, if their address is proved and free.

An address never finds an account: whoever has one links the provider there, with proof. Otherwise who controls a
provider, or an address at one, would take over accounts. What a team's provider says of an address is good for the
team: such an account holds no claim to it, so whose it is can still come, and nobody learns who else has an account.
"""

import unicodedata
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import roster
from moorage.accounts.oidc.claims import Claims
from moorage.accounts.oidc.refusals import refuse
from moorage.accounts.roster import Person
from moorage.accounts.spelling import MAX_NAME_CHARS, read_mail_address
from moorage.errors import Invalid

NO_PASSWORD: Final = ""  # fits no password


async def add(
    tx: AsyncConnection, claims: Claims, locale: str, *, team_id: UUID | None, is_operator: bool = False
) -> tuple[UUID, str]:
    """Make the account; `roster.take_turn` comes first. Gives id and name. Raises ProviderRefused, oidc_mail_….

    `team_id`: whose provider it is, None for the deployment's.
    """
    if not claims.email:
        raise refuse("oidc_mail_missing")
    if not claims.is_mail_verified:
        raise refuse("oidc_mail_unverified")
    try:
        email = read_mail_address(claims.email)
    except Invalid:
        raise refuse("oidc_mail_missing") from None
    if team_id is None:
        is_taken = await roster.find_by_mail(tx, email) is not None
    else:
        # A member's address, which the team sees anyway: they link, so that nobody is in the team twice.
        is_taken = await roster.is_address_of_member(tx, team_id, email)
    if is_taken:
        raise refuse("oidc_mail_taken")
    name = tidy_name(claims.name) or email.partition("@")[0]
    person = Person(name, email, NO_PASSWORD, locale, holds_address=team_id is None)
    return await roster.add_person(tx, person, is_operator=is_operator), name


def tidy_name(text: str) -> str:
    """Give a provider's name for somebody as one that people may have here; "" for none."""
    printable = "".join(mark for mark in unicodedata.normalize("NFC", text) if mark.isprintable())
    return printable.strip()[:MAX_NAME_CHARS].strip()
