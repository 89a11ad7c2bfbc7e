"""P7. OpenRouter: prices and inputs of its list, a key with its credit, who may train on what, errors on the way."""

from collections.abc import AsyncIterator, Callable
from datetime import date

import pytest

from moorage.egress.door import Line
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.openrouter import OpenRouter
from moorage.providers.protocol import DiscoveredModel, End, KeyFacts, Quirks, Usage
from moorage.vault.secret import Secret
from tests.providers.hearing import hear
from tests.support.authority import TestAuthority
from tests.support.dialects.openrouter import OpenRouterServer
from tests.support.model_server import LEAK_MARKER

Reach = Callable[[OpenRouterServer], tuple[Line, Endpoint]]
KEY = "sk-or-v1-4711"


@pytest.fixture
async def router(authority: TestAuthority) -> AsyncIterator[OpenRouterServer]:
    async with OpenRouterServer(authority.server_context("llm.test"), name="llm.test", key=KEY) as running:
        yield running


def speak(router: OpenRouterServer, reach: Reach, quirks: Quirks = Quirks(), key: str | None = KEY) -> OpenRouter:  # noqa: B008 - frozen
    line, endpoint = reach(router)
    return OpenRouter(line, endpoint, None if key is None else Secret(key), quirks)


async def test_the_list_tells_price_context_and_inputs(router: OpenRouterServer, reach: Reach) -> None:
    found = {model.id: model for model in await speak(router, reach).list_models()}
    assert found["maker/dear"] == DiscoveredModel(
        "maker/dear", "Maker: Dear", 131072, ("text", "image", "file"), max_output=32000, price_in=4.0, price_out=20.0,
        retires_on=date(2027, 3, 1), abilities=("tools", "reasoning"), is_remote=True, no_retention_hosts=(),
    )  # fmt: skip
    assert (found["maker/one"].price_in, found["maker/one"].price_out) == (0.1, 0.5)
    assert (found["maker/dies"].price_in, found["openrouter/auto"].price_in) == (0.0, None)
    assert "maker/paints" not in found


async def test_the_list_tells_which_hosts_of_a_model_keep_nothing(router: OpenRouterServer, reach: Reach) -> None:
    found = {model.id: model.no_retention_hosts for model in await speak(router, reach).list_models()}
    assert (found["maker/one"], found["maker/dies"]) == (("DeepHarbour", "Quay Compute"), ("DeepHarbour",))
    assert (found["maker/dear"], found["maker/trains"]) == ((), ())
    # What chooses a model has no host of its own.
    assert found["openrouter/auto"] is None
    assert router.counts.chat_requests == 0


@pytest.mark.parametrize(
    "keepers",
    [
        None,
        {},
        {"data": []},
        {"data": None},
        {"data": ["maker/one", None, 7]},
        {"data": [{"model_id": ["maker/one"], "provider_name": "DeepHarbour"}]},
        {"data": [{"model_id": "maker/one", "provider_name": "\u200b"}]},
        {"data": [{"model_id": "01J-another-kind-of-id", "provider_name": "DeepHarbour"}]},
        [{"model_id": "maker/one", "provider_name": "DeepHarbour"}],
        "no list",
    ],
)
async def test_a_list_of_hosts_that_fails_or_is_not_understood_leaves_them_unknown_and_the_models_listed(
    router: OpenRouterServer, reach: Reach, keepers: object
) -> None:
    router.keepers = keepers
    found = await speak(router, reach).list_models()
    assert len(found) == 5
    assert {model.no_retention_hosts for model in found} == {None}


async def test_a_list_of_hosts_that_never_comes_does_not_hold_up_the_models(
    router: OpenRouterServer, reach: Reach
) -> None:
    router.keepers = "silence"
    line, endpoint = reach(router)
    provider = OpenRouter(line, endpoint, Secret(KEY), hosts_timeout_s=0.2)
    assert {model.no_retention_hosts for model in await provider.list_models()} == {None}


async def test_names_of_hosts_are_one_clean_line_and_never_a_secret(router: OpenRouterServer, reach: Reach) -> None:
    """P12."""
    router.keepers = kept_by(f"Deep\u202eHarbour{'x' * 200}", f"Host {KEY}", "llm.test")
    assert await told(router, reach) == ("DeepHarbour" + "x" * 49,)
    router.keepers = kept_by(*(f"Host {number:03}" for number in range(99)))
    assert len(await told(router, reach) or ()) == 40


async def test_a_host_whose_name_can_not_be_read_is_not_taken_for_nobody(
    router: OpenRouterServer, reach: Reach
) -> None:
    entries = [("maker/one", "DeepHarbour"), ("maker/dear", "\u200b")]
    router.keepers = {"data": [{"model_id": model_id, "provider_name": name} for model_id, name in entries]}
    found = {one.id: one.no_retention_hosts for one in await speak(router, reach).list_models()}
    assert [found[f"maker/{name}"] for name in ("one", "dear", "trains")] == [("DeepHarbour",), None, ()]


def kept_by(*names: str) -> object:
    return {"data": [{"model_id": "maker/one", "provider_name": name} for name in names]}


async def told(router: OpenRouterServer, reach: Reach) -> tuple[str, ...] | None:
    return next(one.no_retention_hosts for one in await speak(router, reach).list_models() if one.id == "maker/one")


async def test_hosts_are_not_asked_for_again_when_only_the_key_is_looked_at(
    router: OpenRouterServer, reach: Reach
) -> None:
    await speak(router, reach).look_in()
    assert (router.counts.list_requests, router.keepers_asked) == (0, 0)
    await speak(router, reach).list_models()
    assert (router.counts.list_requests, router.keepers_asked) == (1, 1)


async def test_a_key_is_checked_with_what_it_may_still_spend(router: OpenRouterServer, reach: Reach) -> None:
    assert await speak(router, reach).check_key() == KeyFacts(12.5)
    router.credit = None
    assert await speak(router, reach).check_key() == KeyFacts(None)


@pytest.mark.parametrize(("key", "code"), [("sk-or-v1-wrong", "bad_key"), (None, "key_missing")])
async def test_a_refused_key_is_found_although_the_list_is_open(
    router: OpenRouterServer, reach: Reach, key: str | None, code: str
) -> None:
    provider = speak(router, reach, key=key)
    assert await provider.list_models()
    with pytest.raises(EndpointFailure, match=code):
        await provider.check_key()


async def test_comments_are_no_words_and_usage_comes_at_the_end(router: OpenRouterServer, reach: Reach) -> None:
    heard = await hear(speak(router, reach), "maker/one")
    assert heard.text == "word1 word2 word3 "
    assert heard.end == End("stop", Usage(7, 3), "maker/one", "gen-1", finish_stated="stop")


async def test_an_error_in_the_middle_is_told_and_what_came_is_kept(router: OpenRouterServer, reach: Reach) -> None:
    heard = await hear(speak(router, reach), "maker/dies")
    assert (heard.text, heard.problem[0], heard.ends) == ("word1 word2 ", "midstream_error", [])
    assert LEAK_MARKER not in f"{heard.failure!r} {heard.failure}"


async def test_the_product_is_named_and_the_deployment_is_not(router: OpenRouterServer, reach: Reach) -> None:
    await hear(speak(router, reach), "maker/one")
    assert router.last_headers["x-openrouter-title"] == "Moorage"
    assert not {"referer", "http-referer", "origin"} & router.last_headers.keys()


@pytest.mark.parametrize(
    ("quirks", "sent"),
    [
        (Quirks(), {"data_collection": "deny"}),
        (Quirks(data_policy="no_retention"), {"data_collection": "deny", "zdr": True}),
        (Quirks(data_policy="any"), None),
    ],
)
async def test_every_request_says_who_may_have_it(
    router: OpenRouterServer, reach: Reach, quirks: Quirks, sent: dict[str, object] | None
) -> None:
    await hear(speak(router, reach, quirks), "maker/one")
    assert router.last_chat.get("provider") == sent


async def test_a_model_that_nobody_offers_under_the_policy_is_not_asked_of_somebody_else(
    router: OpenRouterServer, reach: Reach
) -> None:
    """P20."""
    heard = await hear(speak(router, reach), "maker/trains")
    assert heard.problem == ("data_policy_unmet", {"model": "maker/trains"})
    assert router.counts.chat_requests == 1
    assert (await hear(speak(router, reach, Quirks(data_policy="any")), "maker/trains")).text


async def test_a_model_whose_hosts_all_keep_is_refused_where_nothing_may_be_kept(
    router: OpenRouterServer, reach: Reach
) -> None:
    """P20."""
    heard = await hear(speak(router, reach, Quirks(data_policy="no_retention")), "maker/dear")
    assert heard.problem == ("data_policy_unmet", {"model": "maker/dear"})
    assert (await hear(speak(router, reach), "maker/dear")).text


async def test_credit_that_is_used_up_has_a_name(router: OpenRouterServer, reach: Reach) -> None:
    router.credit = 0.0
    assert (await hear(speak(router, reach), "maker/one")).problem[0] == "quota_exhausted"


@pytest.mark.parametrize("left", [10**400, 1e300, "nan", "9" * 5000, [], {}, True])
async def test_a_credit_that_is_no_amount_is_none(router: OpenRouterServer, reach: Reach, left: object) -> None:
    router.credit = left  # type: ignore[assignment]
    assert await speak(router, reach).check_key() == KeyFacts(None)
