"""The servers of `make test-real` start, listen behind TLS and answer with their own model lists."""

import json

import pytest

from tests.support.peers import Peer, get

pytestmark = pytest.mark.real


async def test_llama_lists_its_model(llama: Peer) -> None:
    status, body = await get(llama, "/v1/models", key=llama.key)
    assert status == 200
    assert [entry["id"] for entry in json.loads(body)["data"]] == list(llama.models)


async def test_litellm_lists_its_models(litellm: Peer) -> None:
    status, body = await get(litellm, "/v1/models", key=litellm.key)
    assert status == 200
    assert {entry["id"] for entry in json.loads(body)["data"]} == set(litellm.models)
