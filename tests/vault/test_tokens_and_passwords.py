"""Tokens are random, hashed at rest and silent; passwords are argon2id and the same from every keyboard."""

from moorage.vault.passwords import Passwords
from moorage.vault.tokens import derive_csrf, hash_token, new_token, same

CHEAP = Passwords(memory_kib=8, passes=1)


def test_tokens_are_different_and_never_printed() -> None:
    one, other = new_token(), new_token()
    assert one.text != other.text
    assert len(one.text) == 43
    assert one.digest == hash_token(one.text)
    assert one.text not in repr(one)


def test_the_page_token_is_bound_to_the_cookie_and_does_not_tell_it() -> None:
    assert derive_csrf("a") == derive_csrf("a")
    assert derive_csrf("a") != derive_csrf("b")
    assert same(derive_csrf("a"), derive_csrf("a"))
    assert not same("", derive_csrf("a"))
    assert not same("\ud800ä", "a")


async def test_a_password_fits_only_itself() -> None:
    stored = await CHEAP.hash("a harbour at night")
    assert stored.startswith("$argon2id$")
    assert await CHEAP.fits(stored, "a harbour at night")
    assert not await CHEAP.fits(stored, "a harbour at noon")
    assert not await CHEAP.fits("not a hash", "a harbour at night")


async def test_nobody_has_no_password_at_all() -> None:
    assert not await CHEAP.fits(None, "")
    assert not await CHEAP.fits(None, "anything")


async def test_an_umlaut_typed_in_two_ways_is_one_password() -> None:
    stored = await CHEAP.hash("brücke und hafen")
    assert await CHEAP.fits(stored, "bru\u0308cke und hafen")


async def test_a_hash_of_weaker_parameters_is_outdated() -> None:
    stored = await CHEAP.hash("a harbour at night")
    assert not CHEAP.is_outdated(stored)
    assert Passwords(memory_kib=16, passes=2).is_outdated(stored)
