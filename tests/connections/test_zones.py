"""Zones and seals as values: what a seal admits, and what it does with what it does not know (P19)."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.connections.zones import SEAL_ZONES, Place, Seal, judge, read_zones, write_zones
from moorage.storage.types import new_id

SOME_DAY = datetime(2026, 11, 1, tzinfo=UTC)
SEALS = [frozenset(some) for size in range(len(SEAL_ZONES) + 1) for some in combinations(SEAL_ZONES, size)]
moments = st.none() | st.integers(-3, 3).map(lambda days: SOME_DAY + timedelta(days=days))
NO_ZONES = ("unstated", "", "OWN_HARDWARE", "own_hardware ", "own hardware", "none")
zones = st.sampled_from([*SEAL_ZONES, *NO_ZONES]) | st.text()


@given(zone=zones, sealed=st.sampled_from(SEALS), since=moments, stated=moments)
def test_nothing_is_inside_of_a_seal_that_it_does_not_name(
    zone: str, sealed: frozenset[str], since: datetime | None, stated: datetime | None
) -> None:
    """P19: and what was labelled after the sealing is not, whatever the label says."""
    refusal = judge(Seal(new_id(), sealed, since), Place(zone, stated))
    is_new = stated is not None and (since is None or stated > since)
    inside = zone == "scripted" or (zone in SEAL_ZONES and zone in sealed and not is_new)
    assert (refusal is None) == inside


@given(text=st.none() | st.text() | st.lists(zones).map(" ".join))
def test_a_stored_seal_never_reads_as_more_than_it_names(text: str | None) -> None:
    read = read_zones(text)
    if text is None:
        assert read is None
        return
    assert read is not None
    assert read <= set(text.split()) & set(SEAL_ZONES)
    assert read_zones(write_zones(read)) == read


@pytest.mark.parametrize("sealed", SEALS)
def test_every_seal_fits_its_column_and_comes_back(sealed: frozenset[str]) -> None:
    text = write_zones(sealed)
    assert text is not None
    assert len(text) <= 80
    assert read_zones(text) == sealed


def test_the_scripted_model_is_inside_of_every_seal_and_never_leaves() -> None:
    """It reaches nothing."""
    for sealed in (None, *SEALS):
        assert judge(Seal(new_id(), sealed, SOME_DAY, asks_before_leaving=True), Place("scripted")) is None


def test_only_an_unsealed_conversation_asks_before_its_words_leave_own_hardware() -> None:
    asks = Seal(new_id(), None, None, asks_before_leaving=True)
    assert [judge(asks, Place(zone)) for zone in (*SEAL_ZONES, "unstated")] == [None, *["leaves_own_hardware"] * 4]
    assert not Seal.read(new_id(), "own_contract", None, asks_before_leaving=True).asks_before_leaving
