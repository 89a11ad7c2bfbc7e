"""The rule about who may use a model, by itself: it admits whom it names and nobody else."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.accounts.permissions import PERMISSIONS
from moorage.connections.audience import EVERYONE, NOBODY, Audience, AudienceKind, closest, read_audience

ROLES = st.sampled_from(sorted(PERMISSIONS))
ANY_ROLE = st.one_of(ROLES, st.none(), st.text(max_size=8), st.sampled_from(["OWNER", "owner ", "оwner", "guest"]))
AUDIENCES = st.builds(
    Audience, st.sampled_from(get_args(AudienceKind)), st.frozensets(st.one_of(ROLES, st.text(max_size=6)), max_size=4)
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.sampled_from(get_args(AudienceKind))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["kind", "roles", "people", "x"]), inner, max_size=3),
    ),
    max_leaves=8,
)


@given(audience=AUDIENCES, role=ANY_ROLE, named=st.booleans())
def test_a_rule_admits_whom_it_names_and_nobody_else(audience: Audience, role: str | None, named: bool) -> None:
    may = audience.admits(role, named=named)
    if role not in PERMISSIONS:
        assert not may, "who has no role that we know is nobody"
    elif audience.kind == "everyone":
        assert may
    elif audience.kind == "roles":
        assert may == (role in audience.roles)
    elif audience.kind == "people":
        assert may == named
    else:
        assert not may


@given(audience=AUDIENCES)
def test_what_is_stored_is_read_as_it_was(audience: Audience) -> None:
    again = read_audience(audience.to_json())
    assert again.kind == audience.kind
    for role in PERMISSIONS:
        assert again.admits(role, named=True) == audience.admits(role, named=True)


@given(stored=ANYTHING)
def test_what_can_not_be_read_admits_nobody(stored: object) -> None:
    audience = read_audience(stored)
    readable = stored is None or (isinstance(stored, dict) and stored.get("kind") in get_args(AudienceKind))
    if not readable:
        assert audience == NOBODY
    if stored is None:
        assert audience == EVERYONE


@given(own=AUDIENCES | st.none(), general=AUDIENCES | st.none())
def test_the_rule_of_the_model_counts_where_it_has_one(own: Audience | None, general: Audience | None) -> None:
    counted = closest(own and own.to_json(), general and general.to_json())
    expected = own or general or EVERYONE
    assert counted.kind == expected.kind


@pytest.mark.parametrize(
    "stored", [{}, {"kind": "all"}, {"kind": "roles", "roles": "owner"}, {"kind": "roles"}, 0, "x"]
)
def test_a_rule_edited_by_hand_opens_nothing(stored: object) -> None:
    assert not any(read_audience(stored).admits(role, named=True) for role in PERMISSIONS)
