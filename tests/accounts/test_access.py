"""P14: the gate is an allow-list, and everything else is no."""

import unicodedata
from enum import StrEnum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from moorage.accounts.access import ALLOWED, judge, require_access
from moorage.accounts.access import PLANS as PLANS_KNOWN
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


class Plan(StrEnum):
    """A future version may keep its plans like this; the rows hold their text."""

    FREE = "free"
    ENTERPRISE = "enterprise"


class Loud(str):
    """Equal to what it is, and more."""

    __slots__ = ()


LOOKALIKES = {
    "a": "\u0430",
    "e": "\u0435",
    "i": "\u0456",
    "p": "\u0440",
    "c": "\u0441",
    "f": "\uff46",
    "s": "\u017f",
    "r": "\u1d63",
}
AROUND = st.sampled_from(["", " ", "\t", "\n", "\r", "\0", "\u00a0", "\u200b", "\ufeff", "\u202e", ".", "_", "\u0301"])


def _disguise(word: str, at: int, how: str, before: str, after: str) -> str:
    at %= len(word)
    changed = {"upper": word[at].upper(), "twin": LOOKALIKES.get(word[at], "\u0131"), "twice": word[at] * 2, "none": ""}
    return before + word[:at] + changed.get(how, word[at]) + word[at + 1 :] + after


@given(
    pair=st.sampled_from(sorted(LISTED)),
    at=st.integers(0, 30),
    how=st.sampled_from(["upper", "twin", "twice", "none", "as it is"]),
    before=AROUND,
    after=AROUND,
    which=st.sampled_from([0, 1]),
)
def test_what_only_looks_like_a_listed_word_is_refused(
    pair: tuple[str, str], at: int, how: str, before: str, after: str, which: int
) -> None:
    words = list(pair)
    words[which] = _disguise(words[which], at, how, before, after)
    assert (judge(*words) is None) == (tuple(words) in LISTED)


@given(word=st.sampled_from(sorted({word for pair in LISTED for word in pair})), form=st.sampled_from(["NFKC", "NFKD"]))
def test_no_normalising_turns_another_text_into_a_listed_one(word: str, form: Literal["NFKC", "NFKD"]) -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in word)
    assert unicodedata.normalize(form, wide) == word
    assert judge(wide, "active") is not None
    assert judge("free", wide) is not None


@pytest.mark.parametrize("plan", [Plan.FREE, Plan.ENTERPRISE, Loud("free"), b"free", ["free"], ("free",), {"free": 1}])
def test_only_a_plain_text_is_a_plan_or_a_standing(plan: object) -> None:
    assert judge(plan, "active") is not None
    assert judge("free", Loud("active")) is not None


def test_the_table_is_what_the_operators_manual_says() -> None:
    """Whoever adds a plan or a standing to the list changes this line, too."""
    assert ALLOWED == LISTED
    assert set(PLANS_KNOWN) == {plan for plan, _ in LISTED}


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
