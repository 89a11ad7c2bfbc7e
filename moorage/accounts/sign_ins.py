"""Signed-in browsers: opaque tokens, hashed at rest, ended by 12 idle hours or 7 days, by the database's clock.

A team may shorten both limits, never lengthen them.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, bindparam, delete, exists, insert, null, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import roster
from moorage.accounts.holding import MINUTE_US, is_within_limits, lacks_second_factor, sign_ins_that_hold
from moorage.accounts.principal import Principal, SignInFacts
from moorage.accounts.tables import MembershipRow, SignInRow, TeamRow, UserRow
from moorage.audit.client_address import coarsen
from moorage.errors import SignInNeeded
from moorage.storage.types import db_after, db_now, new_id
from moorage.vault.tokens import NewToken, derive_csrf, hash_token, new_token

LIFETIME: Final = timedelta(days=7)
SEEN_EVERY: Final = timedelta(minutes=1)
PROOF_LASTS: Final = timedelta(minutes=10)
MAX_AGENT_CHARS: Final = 200
MAX_SIGN_INS: Final = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """How a browser comes in: by which method, from where, and who vouched."""

    method: str
    client: str
    agent: str
    has_second_factor: bool = False
    provider_id: UUID | None = None
    has_proved: bool = True


class Found(NamedTuple):
    """A living sign-in. `is_due` says that its `seen_at` is old enough to be written again."""

    principal: Principal
    is_due: bool


async def begin_sign_in(
    tx: AsyncConnection, user_id: UUID, team_id: UUID, entry: Entry, *, replaces: str | None = None
) -> NewToken:
    """Sign a browser in under a new token; the one it had (`replaces`) ends. Only `entry` decides that it may."""
    if replaces is not None:
        await end_sign_in(tx, replaces)
    await tx.execute(delete(SignInRow).where(SignInRow.user_id == user_id, ~is_within_limits()))
    # Each provider's apart: by signing a person in, a team's provider ends no sign-in that it has no say in.
    vouched_alike = SignInRow.provider_id.is_not_distinct_from(entry.provider_id)
    kept = select(SignInRow.id).where(SignInRow.user_id == user_id, vouched_alike).order_by(SignInRow.seen_at.desc())
    surplus = (await tx.scalars(kept.offset(MAX_SIGN_INS - 1))).all()
    if surplus:
        await tx.execute(delete(SignInRow).where(SignInRow.id.in_(surplus)))
    token = new_token()
    now = db_now()
    await tx.execute(
        insert(SignInRow).values(
            id=new_id(),
            token_hash=token.digest,
            user_id=user_id,
            team_id=team_id,
            created_at=now,
            seen_at=now,
            expires_at=db_after(LIFETIME),
            method=entry.method,
            second_factor_at=now if entry.has_second_factor else null(),
            proved_at=now if entry.has_proved else db_after(-PROOF_LASTS),
            provider_id=entry.provider_id,
            client=coarsen(entry.client),
            agent="".join(mark for mark in entry.agent if mark.isprintable())[:MAX_AGENT_CHARS],
        )
    )
    return token


async def move_sign_in(tx: AsyncConnection, principal: Principal, team_id: UUID) -> NewToken:
    """Take a sign-in to another team, under a new token: the old one opens nothing any more, its limits stay.

    Only `entry` decides that it may. Raises SignInNeeded where the sign-in has ended meanwhile, or is older than the
    team's owners take it.
    """
    token = new_token()
    moved = await tx.execute(
        update(SignInRow)
        .where(SignInRow.id == principal.sign_in.id, ~_is_turned_away_from(team_id))
        .values(token_hash=token.digest, team_id=team_id, seen_at=db_now())
    )
    if moved.rowcount != 1:
        raise SignInNeeded("sign_in_needed")
    return token


async def renew_token(tx: AsyncConnection, sign_in_id: UUID) -> NewToken:
    """Go on under a new token: whoever proved anew who they are is not followed by a holder of the old one.

    Raises SignInNeeded("sign_in_needed") where the sign-in has ended meanwhile.
    """
    token = new_token()
    renewed = await tx.execute(update(SignInRow).where(SignInRow.id == sign_in_id).values(token_hash=token.digest))
    if renewed.rowcount != 1:
        raise SignInNeeded("sign_in_needed")
    return token


async def find_sign_in(tx: AsyncConnection, token_text: str) -> Found | None:
    """Look a token up: one statement, on the path of every request. None when it ended or its person left the team."""
    found = await tx.execute(_FIND, {"digest": hash_token(token_text)})
    row = found.one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    is_due = bool(values.pop("is_due"))
    facts = SignInFacts(
        id=values.pop("sign_in_id"),
        method=values.pop("method"),
        has_second_factor=bool(values.pop("has_second_factor")),
        must_add_factor=bool(values.pop("must_add_factor")),
        has_proved=bool(values.pop("has_proved")),
        provider_id=values.pop("provider_id"),
        lasts_s=_lasts_s(values.pop("until_expiry_us"), values.pop("age_us"), values.pop("lifetime_min")),
    )
    # The operator's powers are not a team's provider's to vouch for.
    values["is_operator"] = bool(values["is_operator"]) and facts.provider_id is None
    return Found(Principal(**values, sign_in=facts, csrf_token=derive_csrf(token_text)), is_due)


async def note_proof(tx: AsyncConnection, sign_in_id: UUID, *, has_second_factor: bool = False) -> None:
    """Write that the person has just proved who they are; with a second factor, that this sign-in has one."""
    values = {"proved_at": db_now()} | ({"second_factor_at": db_now()} if has_second_factor else {})
    await tx.execute(update(SignInRow).where(SignInRow.id == sign_in_id).values(values))


async def note_seen(tx: AsyncConnection, token_text: str) -> None:
    """Write that the browser was here."""
    await tx.execute(update(SignInRow).where(SignInRow.token_hash == hash_token(token_text)).values(seen_at=db_now()))


async def end_sign_in(tx: AsyncConnection, token_text: str) -> None:
    """End one sign-in."""
    await tx.execute(delete(SignInRow).where(SignInRow.token_hash == hash_token(token_text)))


async def end_all_in_team(tx: AsyncConnection, user_id: UUID, team_id: UUID) -> None:
    """End all sign-ins of a person in one team: their role there changed or is gone."""
    await tx.execute(delete(SignInRow).where(SignInRow.user_id == user_id, SignInRow.team_id == team_id))


async def end_others_without_factor(tx: AsyncConnection, user_id: UUID, kept_id: UUID) -> None:
    """End a person's other sign-ins that came in by password alone: a second factor is asked of them from now on."""
    await tx.execute(
        delete(SignInRow).where(
            SignInRow.user_id == user_id,
            SignInRow.id != kept_id,
            SignInRow.second_factor_at.is_(None),
            SignInRow.provider_id.is_(None),
        )
    )


async def end_all_of(tx: AsyncConnection, user_id: UUID, *, but: UUID | None = None) -> int:
    """End all sign-ins of a person in every team, `but` one. Gives how many."""
    ended = await tx.execute(delete(SignInRow).where(SignInRow.user_id == user_id, SignInRow.id.is_distinct_from(but)))
    return ended.rowcount


async def forget_ended(tx: AsyncConnection) -> None:
    """Delete what is past the deployment's limits: of whoever does not come back, too."""
    await tx.execute(delete(SignInRow).where(~is_within_limits()))


async def end_one_of(tx: AsyncConnection, user_id: UUID, sign_in_id: UUID) -> bool:
    """End one sign-in of a person. False where they have none of this id."""
    ended = await tx.execute(delete(SignInRow).where(SignInRow.user_id == user_id, SignInRow.id == sign_in_id))
    return ended.rowcount == 1


async def turn_away(tx: AsyncConnection, user_id: UUID, team_id: UUID) -> None:
    """Sign a member out of one team everywhere: no sign-in from before now opens it, wherever it stands at present."""
    await tx.execute(
        update(MembershipRow)
        .where(MembershipRow.user_id == user_id, MembershipRow.team_id == team_id)
        .values(signed_out_at=db_now())
    )
    await end_all_in_team(tx, user_id, team_id)


async def those_that_read_on(tx: AsyncConnection, readings: set[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Give those pairs of sign-in and team with which a request would be let through now."""
    ids = {sign_in_id for sign_in_id, _ in readings}
    rows = await tx.execute(
        sign_ins_that_hold(SignInRow.id, SignInRow.team_id).where(SignInRow.id.in_(ids), ~lacks_second_factor())
    )
    return {(row.id, row.team_id) for row in rows}


def _is_turned_away_from(team_id: UUID) -> ColumnElement[bool]:
    return exists().where(
        MembershipRow.team_id == team_id,
        MembershipRow.user_id == SignInRow.user_id,
        MembershipRow.signed_out_at >= SignInRow.created_at,
    )


def _lasts_s(until_expiry_us: int, age_us: int, lifetime_min: int | None) -> int:
    """Give the seconds that a sign-in may still last, however busy it is: so long its cookie is kept."""
    left_us = until_expiry_us
    if lifetime_min is not None:
        left_us = min(left_us, lifetime_min * MINUTE_US - age_us)
    return max(0, left_us // 1_000_000)


# On the path of every request: building a statement costs more than executing it.
_FIND: Final = sign_ins_that_hold(
    UserRow.id.label("user_id"),
    UserRow.name,
    roster.shown_email().label("email"),
    UserRow.locale,
    UserRow.is_operator,
    TeamRow.id.label("team_id"),
    TeamRow.name.label("team_name"),
    TeamRow.plan,
    TeamRow.standing,
    MembershipRow.role,
    SignInRow.id.label("sign_in_id"),
    SignInRow.method,
    SignInRow.provider_id,
    SignInRow.second_factor_at.is_not(None).label("has_second_factor"),
    lacks_second_factor().label("must_add_factor"),
    (SignInRow.proved_at > db_after(-PROOF_LASTS)).label("has_proved"),
    (SignInRow.seen_at < db_after(-SEEN_EVERY)).label("is_due"),
    (type_coerce(SignInRow.expires_at, BigInteger) - type_coerce(db_now(), BigInteger)).label("until_expiry_us"),
    (type_coerce(db_now(), BigInteger) - type_coerce(SignInRow.created_at, BigInteger)).label("age_us"),
    TeamRow.lifetime_min,
).where(SignInRow.token_hash == bindparam("digest"))
