"""Ollama and OpenRouter through the whole room: test, save, discover, write."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from moorage.connections.places import Entered
from moorage.connections.store import Wanted
from moorage.connections.tables import ConnectionRow
from moorage.errors import AddressRefused, Invalid
from moorage.storage.database import Database
from moorage.vault.secret import Secret
from tests.connections.quay import HOST, KEY, Quay, failed, finish, open_quay, states
from tests.support.authority import TestAuthority
from tests.support.dialects.ollama import OllamaServer
from tests.support.dialects.openrouter import OpenRouterServer
from tests.support.model_server import ModelServer


async def around(stack: AsyncExitStack, database: Database, folder: Path, kind: type[ModelServer], **more: Any) -> Quay:
    """Give the room around a server of this kind."""
    authority = TestAuthority(folder / "ca")
    server = await stack.enter_async_context(kind(authority.server_context(HOST), name=HOST, key=KEY))
    return await stack.enter_async_context(open_quay(database, folder, server, authority, **more))


def entered(adapter: Any, base_url: str = "", key: str = KEY) -> Entered:
    return Entered(base_url, Secret(key), adapter=adapter)


async def test_ollama_is_tested_saved_and_written_with(database: Database, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        quay = await around(stack, database, tmp_path, OllamaServer)
        typed = entered("ollama", quay.base_url)
        finished = await finish(quay.connections.test_draft(quay.olga, typed, None))
        assert finished.findings.passed, states(finished)
        draft = quay.draft(
            provider="ollama", entered=typed, test_id=finished.test_id, models=[Wanted("tiny", "", enabled=True)]
        )
        facts = await quay.connections.make(quay.olga, draft)
        known = {model.model_id: model for model in facts.models}
        assert (known["tiny"].context_length, known["tiny"].profile.facts["trained_context"]) == (4096, 131072)
        assert known["cloud"].profile.facts["is_remote"] is True
        assert await quay.reply(await quay.ref("tiny")) == "word1 word2 word3"

        server = quay.server
        assert isinstance(server, OllamaServer)
        server.loaded = {"sees": 32768}
        facts, _ = await quay.connections.discover(quay.olga, facts.id)
        assert {model.model_id: model.context_length for model in facts.models}["sees"] == 32768


async def test_openrouter_has_one_address_and_its_key_is_checked_first(database: Database, tmp_path: Path) -> None:
    """P7: one key; of its list, only what the team has ticked appears."""
    async with AsyncExitStack() as stack:
        quay = await around(stack, database, tmp_path, OpenRouterServer, fixed_at_server="openrouter")
        wrong = await finish(quay.connections.test_draft(quay.olga, entered("openrouter", key="sk-wrong"), "maker/one"))
        assert failed(wrong) == ("credential", "bad_key")
        # What is typed as address does not matter: there is only one.
        typed = entered("openrouter", "https://evil.test/v1")
        finished = await finish(quay.connections.test_draft(quay.olga, typed, "maker/one"))
        assert finished.findings.passed, states(finished)
        credential = finished.findings.stages["credential"]
        assert (credential.code, credential.facts) == ("credit_left", {"dollars": "12.50"})
        draft = quay.draft(
            provider="openrouter", entered=typed, test_id=finished.test_id, zone="router",
            models=[Wanted("maker/one", "", enabled=True)],
        )  # fmt: skip
        facts = await quay.connections.make(quay.olga, draft)
        assert [model.model_id for model in facts.models if model.enabled] == ["maker/one"]
        assert await quay.reply(await quay.ref("maker/one")) == "word1 word2 word3"
        assert quay.server.last_chat["provider"] == {"data_collection": "deny"}

        known = next(model for model in facts.models if model.model_id == "maker/one")
        await quay.connections.set_profile(quay.olga, facts.id, known.id, {"data_policy": "no_retention"})
        await quay.reply(await quay.ref("maker/one"))
        assert quay.server.last_chat["provider"] == {"data_collection": "deny", "zdr": True}

        # A new address for it is none.
        moved = await finish(
            quay.connections.replace_endpoint(quay.olga, facts.id, entered("openai_compatible", "https://evil.test/v1"))
        )
        assert moved.findings.passed
        assert moved.findings.endpoint is not None
        assert moved.findings.endpoint.host == HOST


async def test_a_key_without_credit_is_told_before_anybody_writes(database: Database, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        quay = await around(stack, database, tmp_path, OpenRouterServer, fixed_at_server="openrouter")
        server = quay.server
        assert isinstance(server, OpenRouterServer)
        server.credit = 0.0
        finished = await finish(quay.connections.test_draft(quay.olga, entered("openrouter"), "maker/one"))
        assert states(finished)["credential"] == "warned credit_used_up"
        assert failed(finished) == ("completion", "quota_exhausted")


@pytest.mark.parametrize("address", ["http://localhost:11434", "https://localhost:11434/v1", "http://127.0.0.1:11434"])
async def test_an_ollama_of_ones_own_machine_is_not_reached(database: Database, tmp_path: Path, address: str) -> None:
    async with AsyncExitStack() as stack:
        quay = await around(stack, database, tmp_path, OllamaServer)
        finished = await finish(quay.connections.test_draft(quay.olga, entered("ollama", address), None))
        assert failed(finished) == ("url", "ollama_local")
        assert quay.server.counts.connections == 0
        with pytest.raises(AddressRefused):
            await quay.connections.make(quay.olga, quay.draft(provider="ollama", entered=entered("ollama", address)))
        assert await quay.count(ConnectionRow) == 0


async def test_a_test_of_one_kind_of_endpoint_proves_nothing_of_another(database: Database, tmp_path: Path) -> None:
    """What is saved as OpenRouter leads to OpenRouter, whatever was tested under another name."""
    async with AsyncExitStack() as stack:
        quay = await around(stack, database, tmp_path, OllamaServer, fixed_at_server="openrouter")
        typed = entered("openai_compatible", quay.base_url)
        finished = await finish(quay.connections.test_draft(quay.olga, typed, None))
        assert finished.findings.passed, states(finished)
        other = entered("openrouter", quay.base_url)
        draft = quay.draft(provider="openrouter", entered=other, test_id=finished.test_id)
        with pytest.raises(Invalid) as refused:
            await quay.connections.make(quay.olga, draft)
        assert refused.value.code == "test_other_endpoint"
