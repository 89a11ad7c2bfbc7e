"""A password is judged by how it would be guessed, and a refusal says why; no sign is ever demanded."""

import asyncio
import sys

import pytest

from moorage.accounts.password_policy import MIN_CHARS, PasswordPolicy, judge, split_words
from moorage.errors import Invalid

WORDS = sorted(split_words(("Olga Hafenbau", "olga.hafenbau@kanzlei-brandt.example", "Kanzlei Brandt")))


@pytest.mark.parametrize(
    "password",
    [
        "a harbour at night",
        "correct horse battery staple",
        "veilchen rost und möwenschrei",
        "kV9#tq2Lm!xZ",
        "12 long grey barges 7 gulls",
        "    leading and trailing spaces    ",
        "🚢 🌊 ⚓ drei Bojen",
        "x" * 30 + " and a harbour at night in the fog",
    ],
)
async def test_what_is_hard_to_guess_is_taken_whatever_signs_are_in_it(password: str) -> None:
    await PasswordPolicy().require(password, ("Olga", "olga@example.com", "Werft"))


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("passwordpassword", "password_repeats"),
        ("password1234", "password_common"),
        ("olgahafenbau1", "password_like_name"),
        ("Brandt-Olga-Kanzlei-24", "password_like_name"),
        ("kanzleibrandt", "password_like_name"),
        ("Moorage2026!", "password_like_name"),
        ("qwertyuiop[]", "password_keyboard"),
        ("abcdefghijkl", "password_sequence"),
        ("aaaaaaaaaaaa", "password_repeats"),
        ("17.03.198401", "password_date"),
        ("unbelievable", "password_word"),
    ],
)
def test_what_is_easy_to_guess_is_refused_with_the_reason(password: str, code: str) -> None:
    assert judge(password, WORDS) == code


async def test_a_short_password_is_refused_whatever_is_in_it() -> None:
    with pytest.raises(Invalid) as refused:
        await PasswordPolicy().require("kV9#tq2Lm!x", (), field="new_password")
    assert (refused.value.code, refused.value.field) == ("password_too_short", "new_password")
    assert refused.value.params == {"length": MIN_CHARS} == {"length": 12}


async def test_judging_two_people_at_once_mixes_up_nobodys_words() -> None:
    """The library keeps the words of the last call in a global: what is Olga's must not be held against Eve."""
    policy = PasswordPolicy()

    async def judged(password: str, name: str) -> str | None:
        try:
            await policy.require(password, (name,))
        except Invalid as refused:
            return refused.code
        return None

    # Weak only for whoever is called so, and with so much beside it that zxcvbn has to find the name itself.
    password = "zaunkoenigin123456"
    assert (await judged(password, "Zaunkoenigin"), await judged(password, "Eve")) == ("password_like_name", None)
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        found = await asyncio.gather(*(judged(password, name) for name in ("Zaunkoenigin", "Eve") * 30))
    finally:
        sys.setswitchinterval(usual_s)
    assert found == ["password_like_name", None] * 30


def test_a_very_long_password_is_judged_by_pieces() -> None:
    assert judge("4@8({[<369&#!1/|0$5+7%2" * 8, WORDS) is None
    assert judge("a" * 200, WORDS) == "password_repeats"
