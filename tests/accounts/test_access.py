"""P14: the gate is an allow-list, and everything else is no."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from moorage.accounts.access import judge, require_access
from moorage.accounts.tables import TeamRow
from moorage.errors import AccessRefused
from moorage.storage.types import new_id
from tests.accounts.conftest import House

LISTED = {
    ("free", "active"),
    *(
        (plan, standing)
        for plan in ("business_starter", "business_pro", "business_max", "enterprise")
        for standing in ("active", "trialing")
    ),
}
PLANS = st.sampled_from(sorted({plan for plan, _ in LISTED}))
STANDINGS = st.sampled_from(["active", "trialing", "suspended", "expired", "cancelled"])
ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.text(), st.booleans(), st.integers(), st.floats(), st.binary(), st.lists(st.text()), PLANS, STANDINGS,
    PLANS.map(str.upper), PLANS.map(lambda plan: plan + " "), PLANS.map(str.encode),
)  # fmt: skip


@pytest.mark.parametrize("pair", sorted(LISTED))
def test_what_is_listed_is_allowed(pair: tuple[str, str]) -> None:
    assert judge(*pair) is None


@given(plan=ANYTHING, standing=ANYTHING)
def test_nothing_else_is_allowed_whatever_it_is(plan: object, standing: object) -> None:
    is_listed = isinstance(plan, str) and isinstance(standing, str) and (plan, standing) in LISTED
    assert (judge(plan, standing) is None) == is_listed


@given(plan=PLANS, standing=STANDINGS)
def test_known_plans_in_every_standing(plan: str, standing: str) -> None:
    assert (judge(plan, standing) is None) == ((plan, standing) in LISTED)


def test_something_that_claims_to_equal_everything_is_refused() -> None:
    class Liar(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return hash("free")

    assert judge(Liar("free"), Liar("active")) is not None


@pytest.mark.parametrize(
    ("plan", "standing", "code"),
    [
        ("gold", "active", "access_plan_unknown"),
        ("enterprise", "paused", "access_standing_unknown"),
        ("free", "trialing", "access_not_included"),
        ("enterprise", "suspended", "access_suspended"),
        ("business_pro", "expired", "access_expired"),
    ],
)
async def test_a_refused_team_hears_why_and_works_again_at_once(
    house: House, plan: str, standing: str, code: str
) -> None:
    olga = await house.sign_up("olga")

    async def put(plan: str, standing: str) -> None:
        async with house.database.write() as tx:
            await tx.execute(update(TeamRow).values(plan=plan, standing=standing))

    await put(plan, standing)
    async with house.database.read() as tx:
        with pytest.raises(AccessRefused) as refused:
            await require_access(tx, olga.team_id)
    assert refused.value.code == code
    await put("enterprise", "active")
    async with house.database.read() as tx:
        await require_access(tx, olga.team_id)


async def test_a_team_that_does_not_exist_is_refused(house: House) -> None:
    async with house.database.read() as tx:
        with pytest.raises(AccessRefused):
            await require_access(tx, new_id())
