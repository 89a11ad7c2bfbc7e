"""P12: what is sealed opens in its own place only, and never shows."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.errors import Unavailable
from moorage.vault.keyring import KeyRing
from moorage.vault.seal import Place, Vault
from moorage.vault.secret import Secret

HERE = Place("team-1", "connection", "row-1", "sealed_key", "https://models.example:443")


def ring(*ids: str) -> KeyRing:
    return KeyRing({key_id: key_id.encode().ljust(32, b"\0") for key_id in ids}, ids[0])


def test_a_sealed_key_opens_where_it_was_sealed() -> None:
    vault = Vault(ring("a"))
    assert vault.open(vault.seal(Secret("sk-ä€😀"), HERE), HERE).reveal() == "sk-ä€😀"


@pytest.mark.parametrize("field", ["team_id", "table", "row_id", "column", "origin"])
def test_a_sealed_key_moved_elsewhere_does_not_open(field: str) -> None:
    vault = Vault(ring("a"))
    sealed = vault.seal(Secret("sk-secret"), HERE)
    with pytest.raises(Unavailable) as refused:
        vault.open(sealed, dataclasses.replace(HERE, **{field: "elsewhere"}))
    assert refused.value.code == "key_unreadable"


def test_moving_a_character_from_one_part_of_the_place_to_the_next_does_not_open() -> None:
    vault = Vault(ring("a"))
    sealed = vault.seal(Secret("sk-secret"), Place("ab", "c", "d", "e"))
    with pytest.raises(Unavailable):
        vault.open(sealed, Place("a", "bc", "d", "e"))


@given(position=st.integers(min_value=0, max_value=10_000), bit=st.integers(min_value=0, max_value=7))
def test_no_flipped_bit_goes_unnoticed(position: int, bit: int) -> None:
    vault = Vault(ring("a"))
    damaged = bytearray(vault.seal(Secret("sk-secret"), HERE))
    damaged[position % len(damaged)] ^= 1 << bit
    with pytest.raises(Unavailable):
        vault.open(bytes(damaged), HERE)


@given(st.binary(max_size=80))
def test_garbage_is_refused_and_breaks_nothing(garbage: bytes) -> None:
    with pytest.raises(Unavailable):
        Vault(ring("a")).open(garbage, HERE)


def test_an_earlier_key_on_the_ring_still_opens_and_another_ring_does_not() -> None:
    sealed = Vault(ring("old")).seal(Secret("sk-secret"), HERE)
    assert Vault(ring("new", "old")).open(sealed, HERE).reveal() == "sk-secret"
    with pytest.raises(Unavailable):
        Vault(ring("new")).open(sealed, HERE)
    same_name_other_key = KeyRing({"old": b"x" * 32}, "old")
    with pytest.raises(Unavailable):
        Vault(same_name_other_key).open(sealed, HERE)


def test_the_same_key_sealed_twice_looks_different() -> None:
    vault = Vault(ring("a"))
    assert bytes(vault.seal(Secret("sk"), HERE)) != bytes(vault.seal(Secret("sk"), HERE))


def test_sealed_text_prints_nothing() -> None:
    vault = Vault(ring("a"))
    sealed = vault.seal(Secret("sk-secret"), HERE)
    assert {repr(sealed), str(sealed), f"{sealed}", f"{sealed:>9}"} == {"•••"}
    assert b"sk-secret" not in bytes(sealed)
    assert repr(vault) == "Vault()"


def test_a_fingerprint_tells_equal_from_different_and_needs_the_ring() -> None:
    vault = Vault(ring("a"))
    assert vault.fingerprint("https://x", Secret("k")) == vault.fingerprint("https://x", Secret("k"))
    assert vault.fingerprint("https://x", Secret("k")) != vault.fingerprint("https://xk", Secret(""))
    assert vault.fingerprint("https://x", Secret("k")) != Vault(ring("b")).fingerprint("https://x", Secret("k"))
    assert len(vault.fingerprint()) == 32
