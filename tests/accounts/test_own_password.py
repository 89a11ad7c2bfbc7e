"""Changing one's password asks for the present one and ends every other way in; a proof is good for ten minutes."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from moorage.accounts import pending, resets, roster
from moorage.accounts.principal import require_proof
from moorage.accounts.tables import PendingRow, ResetRow
from moorage.audit.reading import read
from moorage.errors import Invalid, NotAllowed, SignInNeeded, TooMany
from tests.accounts.conftest import PASSWORD, House
from tests.accounts.test_people import age
from tests.support.second_factors import entered

NEW = "three grey gulls at noon"


async def test_a_change_ends_every_other_sign_in_and_what_was_under_way(house: House) -> None:
    olga = await house.sign_up("olga")
    other = entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    async with house.database.write() as tx:
        await pending.begin(tx, "second_factor", {}, user_id=olga.user_id)
        await resets.make(tx, olga.user_id, by_operator=True)
    token = await house.accounts.own_password.change(olga, PASSWORD, NEW, house.visit())
    assert await house.people.find(other.text) is None
    assert await house.now("olga") is None
    now = await house.people.find(token.text)
    assert now is not None
    assert now.sign_in.id == olga.sign_in.id
    async with house.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(PendingRow)) == 0
        assert await tx.scalar(select(func.count()).select_from(ResetRow)) == 0
        assert (await read(tx, olga.team_id, None, 1))[0].action == "person.password_changed"
    with pytest.raises(Invalid):
        entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))
    entered(await house.people.sign_in("olga@example.com", NEW, house.visit()))


@pytest.mark.parametrize(
    ("present", "new", "code", "field"),
    [
        ("not the present one", NEW, "password_wrong", "present_password"),
        (PASSWORD, PASSWORD, "password_same", "new_password"),
        (PASSWORD, "short", "password_too_short", "new_password"),
        (PASSWORD, "olga's team olga", "password_like_name", "new_password"),
    ],
)
async def test_a_change_that_is_refused_changes_nothing(
    house: House, present: str, new: str, code: str, field: str
) -> None:
    olga = await house.sign_up("olga")
    with pytest.raises(Invalid) as refused:
        await house.accounts.own_password.change(olga, present, new, house.visit())
    assert (refused.value.code, refused.value.field) == (code, field)
    assert await house.now("olga") is not None
    entered(await house.people.sign_in("olga@example.com", PASSWORD, house.visit()))


async def test_a_password_that_was_changed_while_somebody_signed_in_lets_nobody_in(house: House) -> None:
    """Checked before, changed, then begun: the sign-in must not outlive the change that ends all of them."""
    olga = await house.sign_up("olga")
    known = await house.people._check.by_mail("olga@example.com", PASSWORD, house.visit())
    await house.accounts.own_password.change(olga, PASSWORD, NEW, house.visit())
    async with house.database.write() as tx:
        with pytest.raises(Invalid, match="sign_in_wrong"):
            await roster.require_unchanged(tx, known)


async def test_a_proof_lasts_ten_minutes_and_moves_the_sign_in_to_a_new_token(house: House) -> None:
    await house.sign_up("olga")
    await age(house, "proved_at", timedelta(minutes=11))
    stale = await house.now("olga")
    assert stale is not None
    with pytest.raises(NotAllowed, match="proof_needed"):
        require_proof(stale)
    token = await house.accounts.own_password.prove(stale, PASSWORD, house.visit())
    assert await house.now("olga") is None
    now = await house.people.find(token.text)
    assert now is not None
    require_proof(now)


async def test_proofs_are_limited_as_sign_ins_are(house: House) -> None:
    olga = await house.sign_up("olga")
    for _ in range(10):
        with pytest.raises(Invalid, match="password_wrong"):
            await house.accounts.own_password.prove(olga, "a guess", house.visit())
    with pytest.raises(TooMany, match="sign_in_limited"):
        await house.accounts.own_password.prove(olga, PASSWORD, house.visit())


async def test_a_sign_in_that_ended_meanwhile_is_not_brought_back_by_a_proof(house: House) -> None:
    olga = await house.sign_up("olga")
    await house.people.sign_out(olga, house.visit(house.tokens["olga"]))
    with pytest.raises(SignInNeeded):
        await house.accounts.own_password.prove(olga, PASSWORD, house.visit())
