"""P12: what is sealed opens in its own place only, and never shows."""

import dataclasses
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.errors import Unavailable
from moorage.storage.types import new_id
from moorage.vault.seal import DataKey, Place, data_key_of
from moorage.vault.secret import Secret

OLGAS, EVES = UUID(int=1), UUID(int=2)
HERE = Place("connection", "row-1", "sealed_key", "openai_compatible https://models.example:443")


def data_key(number: int = 1) -> DataKey:
    return DataKey(UUID(int=number), number, bytes([number]) * 32)


texts = st.text(max_size=20)
places = st.builds(Place, texts, texts, texts, texts)


@given(st.text(max_size=60).map(Secret), places)
def test_a_secret_opens_where_it_was_sealed(secret: Secret, place: Place) -> None:
    sealed = data_key().seal(secret, OLGAS, place)
    assert data_key_of(sealed) == UUID(int=1)
    assert data_key().open(sealed, OLGAS, place).reveal() == secret.reveal()


@given(places, places, st.booleans())
def test_no_envelope_opens_at_another_place_or_for_another_owner(here: Place, there: Place, is_eves: bool) -> None:
    sealed = data_key().seal(Secret("sk-secret"), OLGAS, here)
    if here == there and not is_eves:
        return
    with pytest.raises(Unavailable) as refused:
        data_key().open(sealed, EVES if is_eves else OLGAS, there)
    assert refused.value.code == "key_unreadable"


@pytest.mark.parametrize("field", ["table", "row_id", "column", "origin"])
def test_a_sealed_key_moved_elsewhere_does_not_open(field: str) -> None:
    sealed = data_key().seal(Secret("sk-secret"), OLGAS, HERE)
    with pytest.raises(Unavailable):
        data_key().open(sealed, OLGAS, dataclasses.replace(HERE, **{field: "elsewhere"}))


@given(places, st.integers(min_value=0, max_value=3), st.integers(min_value=1, max_value=3))
def test_no_character_moves_from_one_part_of_the_place_to_the_next(place: Place, part: int, count: int) -> None:
    parts = list(dataclasses.astuple(place))
    following = (part + 1) % len(parts)
    moved = list(parts)
    moved[part], moved[following] = parts[part][:-count], parts[part][-count:] + parts[following]
    if moved == parts:
        return
    sealed = data_key().seal(Secret("sk-secret"), OLGAS, place)
    with pytest.raises(Unavailable):
        data_key().open(sealed, OLGAS, Place(*moved))


@given(position=st.integers(min_value=0, max_value=10_000), bit=st.integers(min_value=0, max_value=7))
def test_no_flipped_bit_goes_unnoticed(position: int, bit: int) -> None:
    damaged = bytearray(data_key().seal(Secret("sk-secret"), OLGAS, HERE))
    damaged[position % len(damaged)] ^= 1 << bit
    with pytest.raises(Unavailable):
        data_key().open(bytes(damaged), OLGAS, HERE)


@given(st.binary(max_size=80))
def test_garbage_is_refused_and_breaks_nothing(garbage: bytes) -> None:
    with pytest.raises(Unavailable):
        data_key().open(garbage, OLGAS, HERE)
    data_key_of(garbage)


@given(places)
def test_another_data_key_opens_nothing_even_under_the_same_id(place: Place) -> None:
    sealed = data_key(1).seal(Secret("sk-secret"), OLGAS, place)
    for other in (data_key(2), DataKey(UUID(int=1), 1, b"x" * 32)):
        with pytest.raises(Unavailable):
            other.open(sealed, OLGAS, place)


def test_the_same_key_sealed_twice_looks_different() -> None:
    key = data_key()
    assert bytes(key.seal(Secret("sk"), OLGAS, HERE)) != bytes(key.seal(Secret("sk"), OLGAS, HERE))


def test_sealed_text_prints_nothing() -> None:
    sealed = data_key().seal(Secret("sk-secret"), OLGAS, HERE)
    assert {repr(sealed), str(sealed), f"{sealed}", f"{sealed:>9}"} == {"•••"}
    assert b"sk-secret" not in bytes(sealed)
    assert repr(data_key()) == "DataKey(number=1)"


def test_a_fingerprint_tells_equal_from_different_and_needs_the_key() -> None:
    key = data_key()
    assert key.fingerprint("https://x", Secret("k")) == key.fingerprint("https://x", Secret("k"))
    assert key.fingerprint("https://x", Secret("k")) != key.fingerprint("https://xk", Secret(""))
    assert key.fingerprint("https://x", Secret("k")) != data_key(2).fingerprint("https://x", Secret("k"))
    assert len(key.fingerprint()) == 32
    assert str(new_id()) not in repr(key)
