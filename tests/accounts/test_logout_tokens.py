"""A logout token ends sign-ins only if it is one; an ID token, or one for somebody else, is none."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from moorage.accounts.identities import hear_once
from moorage.accounts.oidc.claims import LEEWAY_S, LOGOUT_EVENT, MAX_AGE_S, Expected, Logout, check_logout_token
from moorage.accounts.oidc.refusals import ProviderRefused
from moorage.accounts.provider_tables import LogoutTokenRow
from moorage.storage.database import Database
from moorage.storage.types import db_after
from moorage.vault.signed_tokens import Verified

NOW = time.time()
EXPECTED = Expected("https://sso.example.com", "moorage", "", NOW)
GOOD: dict[str, Any] = {
    "iss": "https://sso.example.com",
    "aud": "moorage",
    "iat": NOW,
    "exp": NOW + 120,
    "jti": "1",
    "sub": "subject-1",
    "sid": "session-1",
    "events": {LOGOUT_EVENT: {}},
}


def _verified(typ: str = "logout+jwt", **changes: Any) -> Verified:
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return Verified("RS256", typ, claims)


def test_a_logout_token_names_a_session_a_subject_or_both() -> None:
    assert check_logout_token(_verified(), EXPECTED) == Logout("subject-1", "session-1", "1")
    assert check_logout_token(_verified(sub=None), EXPECTED) == Logout(None, "session-1", "1")
    assert check_logout_token(_verified(sid=None), EXPECTED) == Logout("subject-1", None, "1")
    for typ in ("jwt", ""):  # section 2.4 recommends logout+jwt, and providers in use send these
        assert check_logout_token(_verified(typ), EXPECTED) == Logout("subject-1", "session-1", "1")


@pytest.mark.parametrize(
    "changes",
    [
        {"events": None},
        {"events": [LOGOUT_EVENT]},
        {"events": {LOGOUT_EVENT: "yes"}},
        {"events": {"http://schemas.openid.net/event/other": {}}},
        {"nonce": "n"},
        {"jti": None},
        {"jti": ""},
        {"sub": None, "sid": None},
        {"sub": "", "sid": ""},
        {"sid": 7},
        {"iss": "https://evil.example.com"},
        {"aud": "other"},
        {"iat": NOW - 3600},
        {"exp": NOW - 3600},
        {"exp": None},
    ],
)
def test_what_is_no_logout_token_ends_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefused) as refused:
        check_logout_token(_verified(**changes), EXPECTED)
    assert refused.value.finding == "oidc_logout_token"


def test_a_token_of_another_kind_is_none() -> None:
    with pytest.raises(ProviderRefused):
        check_logout_token(_verified("at+jwt"), EXPECTED)


async def test_a_token_is_heard_once_whichever_process_hears_it(database: Database, database_url: str) -> None:
    provider_id, other_provider = uuid.uuid4(), uuid.uuid4()
    second = Database(database_url)
    try:
        async with database.write() as tx:
            await hear_once(tx, provider_id, "1")
        for process in (database, second):
            with pytest.raises(ProviderRefused) as refused:
                async with process.write() as tx:
                    await hear_once(tx, provider_id, "1")
            assert refused.value.finding == "oidc_logout_again"
        async with second.write() as tx:
            await hear_once(tx, provider_id, "2")
            await hear_once(tx, other_provider, "1")
    finally:
        await second.close()


async def test_what_nobody_would_believe_any_more_is_swept_away(database: Database) -> None:
    provider_id = uuid.uuid4()
    async with database.write() as tx:
        await hear_once(tx, provider_id, "1")
        kept_until = await tx.scalar(select(LogoutTokenRow.expires_at))
        assert kept_until is not None
        assert (kept_until - datetime.now(UTC)).total_seconds() > MAX_AGE_S + LEEWAY_S
        await tx.execute(update(LogoutTokenRow).values(expires_at=db_after(timedelta(seconds=-1))))
    async with database.write() as tx:
        await hear_once(tx, provider_id, "2")
        assert await tx.scalar(select(func.count()).select_from(LogoutTokenRow)) == 1
