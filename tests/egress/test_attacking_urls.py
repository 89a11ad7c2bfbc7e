"""Every URL of the table: hostile ones are refused by their text, unrepeated; near misses have one form (P11)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from moorage.egress.door import Door, Limits
from moorage.egress.policy import AddressPolicy, parse_literal
from moorage.egress.resolver import SystemResolver
from moorage.egress.urls import parse_base_url
from moorage.errors import AddressRefused
from tests.egress.attacks import NEAR_MISSES, OWN, REFUSED, UrlRow
from tests.egress.attacks.syntax import OWN_HOST
from tests.egress.attacks.walking import Script, judged, refusal


@contextmanager
def asking(look_up: Script) -> Iterator[Door]:
    """Give a door of a deployment that people call by its own name."""
    resolver = SystemResolver(look_up=look_up)
    policy = AddressPolicy(own_hosts=frozenset({OWN_HOST}))
    yield Door(policy=policy, resolver=resolver, limits=Limits(refusal_after_s=0.0))
    resolver.close()


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.id)
def test_a_hostile_url_is_refused_by_its_text_and_never_repeated(row: UrlRow) -> None:
    with pytest.raises(AddressRefused) as caught:
        parse_base_url(row.text)
    refused = caught.value
    assert (refused.code, refused.field) == (row.verdict, "base_url"), row.what
    assert set(refused.params) <= ({"port"} if row.verdict == "url_port" else set())
    assert all(isinstance(value, int) for value in refused.params.values())
    assert refused.__suppress_context__ or refused.__context__ is None


@pytest.mark.parametrize("row", NEAR_MISSES, ids=lambda row: row.id)
async def test_a_near_miss_is_taken_in_one_form_and_its_name_is_asked_once(row: UrlRow) -> None:
    endpoint = parse_base_url(row.text)
    assert endpoint.url == row.becomes, row.what
    assert parse_base_url(endpoint.url) == endpoint
    look_up = Script()
    with asking(look_up) as door:
        if parse_literal(endpoint.host) is None:
            assert (await refusal(door, endpoint)).code == "address_not_public"
            assert look_up.asked == [(endpoint.host, endpoint.port)]
        else:
            assert await judged(door, endpoint) == 1
            assert look_up.asked == []


@pytest.mark.parametrize("row", OWN, ids=lambda row: row.id)
async def test_our_own_host_is_refused_before_anybody_is_asked_about_it(row: UrlRow) -> None:
    look_up = Script(["1.1.1.1"])
    with asking(look_up) as door:
        assert (await refusal(door, parse_base_url(row.text))).code == row.verdict, row.what
    assert look_up.asked == []
