"""The operator's keys for OpenAI, Anthropic and Google: one conversation over three protocols, by a real process."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.process.people import HALF, SignUp, follow, read_answer, text_of, wait_until_stored
from tests.support.authority import TestAuthority
from tests.support.deploying import SettingsOf, deployed, reaching
from tests.support.dialects import GeminiServer, MessagesServer
from tests.support.model_server import ModelServer
from tests.support.running import Person
from tests.support.serving import Serving

KEYS = {
    "openai": "sk-proj-operator-0123456789abcdef",
    "anthropic": "sk-ant-api03-operator-0123456789abcdef",
    "google": "AIzaSyOperator0123456789abcdefghijklmno",
}
CATALOGUE = """
[openai]
name = "OpenAI"
base_url = "{openai}"
data_location = "OpenAI"
models = [{{ id = "echo", name = "GPT Echo" }}]

[anthropic]
name = "Anthropic"
speaks = "anthropic"
base_url = "{anthropic}"
data_location = "Anthropic"
models = [
  {{ id = "claude-echo", name = "Claude Echo", context_length = 1000000, max_output = 128000 }},
  {{ id = "claude-thinks", name = "Claude Thinks", max_output = 128000, thinking = "summarized" }},
  {{ id = "claude-held", name = "Claude Held" }},
  {{ id = "claude-no-thinking", name = "Claude Plain", thinking = "off" }},
  {{ id = "claude-old", name = "Claude Old", retires_on = 2026-01-01 }},
]

[google]
name = "Google"
speaks = "google"
base_url = "{google}"
data_location = "Google"
models = [
  {{ id = "gemini-echo", name = "Gemini Echo", thinking = "summarized" }},
  {{ id = "gemini-held", name = "Gemini Held" }},
  {{ id = "gemini-overloaded", name = "Gemini Busy" }},
]
"""


@dataclass
class Providers:
    """The three servers, and a Moorage that has a key for each."""

    openai: ModelServer
    anthropic: MessagesServer
    google: GeminiServer
    deployment: Serving
    keys_file: Path


@pytest_asyncio.fixture
async def providers(tmp_path: Path) -> AsyncIterator[Providers]:
    authority = TestAuthority(tmp_path / "ca")
    context = authority.server_context("localhost")
    claude = ["claude-echo", "claude-thinks", "claude-held", "claude-no-thinking"]
    gemini = ["gemini-echo", "gemini-held"]
    async with AsyncExitStack() as stack:
        openai = await stack.enter_async_context(ModelServer(context, key=KEYS["openai"]))
        anthropic = await stack.enter_async_context(MessagesServer(context, key=KEYS["anthropic"], models=claude))
        google = await stack.enter_async_context(GeminiServer(context, key=KEYS["google"], models=gemini))
        servers = {"openai": openai, "anthropic": anthropic, "google": google}
        catalogue, keys_file = tmp_path / "catalogue.toml", tmp_path / "keys.txt"
        catalogue.write_text(CATALOGUE.format(**{name: server.base_url for name, server in servers.items()}))
        keys_file.write_text("# of the operator\n" + "".join(f"{name} = {key}\n" for name, key in KEYS.items()))
        settings: SettingsOf = {
            **reaching(authority, openai, anthropic, google),
            "CATALOGUE": catalogue,
            "STANDARD_KEYS_FILE": keys_file,
            "LOG_LEVEL": "debug",
            "DRAIN_S": 0,
        }
        deployment = await stack.enter_async_context(deployed(tmp_path, settings))
        await deployment.start()
        yield Providers(openai, anthropic, google, deployment, keys_file)


async def _refs(person: Person) -> dict[str, Any]:
    return {line["model_id"]: line for line in (await person.get("/api/models"))["models"]}


async def _ask(person: Person, text: str, ref: str, after: Any = None) -> tuple[Any, str, Any]:
    """Ask after an exchange; gives the new one, the answer's text and the receipt."""
    where = (after["conversation_id"], after["answer"]["id"]) if after else (None, None)
    exchange = await person.ask(text, ref, *where)
    events = await follow(person, exchange)
    return exchange, text_of(events), events[-1].data["receipt"]


async def test_the_picker_shows_claude_and_gemini_beside_gpt(providers: Providers, sign_up: SignUp) -> None:
    """P1, P22: no provider is asked to show them; one that was retired says so and is not written with (P20)."""
    olga = await sign_up(providers.deployment)
    lines = await _refs(olga)
    shown = {
        line["name"]: (line["connection_name"], line["origin"], line["billed_by"], line["available"])
        for line in lines.values()
    }
    assert shown["Claude Echo"] == ("Anthropic", "included", "plan", True)
    assert shown["Gemini Echo"] == ("Google", "included", "plan", True)
    assert shown["GPT Echo"] == ("OpenAI", "included", "plan", True)
    problem = lines["claude-old"]["problem"]
    assert problem["code"] == "model_retired"
    assert problem["message"].startswith("“Claude Old” has been retired by its provider.")
    conversation = await olga.post("/api/conversations", {})
    body = {
        "client_id": "0199d3c2-1b7a-7c3e-8a55-0123456789ab",
        "text": "Hello?",
        "model_ref": lines["claude-old"]["ref"],
    }
    refused = await olga.call("POST", f"/api/conversations/{conversation['id']}/messages", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "model_retired")
    servers = (providers.openai, providers.anthropic, providers.google)
    assert [server.counts.connections for server in servers] == [0, 0, 0]


async def test_a_conversation_over_three_protocols_keeps_its_whole_context(
    providers: Providers, sign_up: SignUp
) -> None:
    """P2, P16, P21."""
    olga = await sign_up(providers.deployment)
    lines = await _refs(olga)
    first, one, claude = await _ask(olga, "Was liegt im Hafen? 🚢", lines["claude-echo"]["ref"])
    second, two, gemini = await _ask(olga, "And outside?", lines["gemini-echo"]["ref"], first)
    third, three, gpt = await _ask(olga, "Since when?", lines["echo"]["ref"], second)
    _, four, again = await _ask(olga, "For how long?", lines["claude-echo"]["ref"], third)

    assert json.loads(one) == [["user", "Was liegt im Hafen? 🚢"]]
    assert json.loads(two) == [["user", "Was liegt im Hafen? 🚢"], ["model", one], ["user", "And outside?"]]
    roles = ("user", "assistant")
    said = ["Was liegt im Hafen? 🚢", one, "And outside?", two, "Since when?", three, "For how long?"]
    assert json.loads(three) == [{"role": roles[at % 2], "content": text} for at, text in enumerate(said[:5])]
    assert json.loads(four) == [[roles[at % 2], text] for at, text in enumerate(said)]

    receipts = [claude, gemini, gpt, again]
    assert {receipt["state"] for receipt in receipts} == {"done"}
    assert [receipt["model_reported"] for receipt in receipts] == ["claude-echo", "gemini-echo", "echo", "claude-echo"]
    assert {receipt["count_source"] for receipt in receipts} == {"reported"}
    assert {receipt["finish_reason"] for receipt in receipts} == {"stop"}
    counts = providers.anthropic.counts.tokens_by_request
    assert again["tokens_out"] == list(counts.values())[-1]
    assert again["tokens_in"] == sum(len(text.split()) for text in said) + 5

    usage = await olga.get("/api/usage")
    assert usage["byom"]["rows"] == []
    assert usage["standard"]["calls"] == 4


async def test_thinking_is_shown_apart_and_not_sent_to_the_next(providers: Providers, sign_up: SignUp) -> None:
    olga = await sign_up(providers.deployment)
    lines = await _refs(olga)
    first, text, _ = await _ask(olga, "Think", lines["claude-thinks"]["ref"])
    answer = await read_answer(olga, first)
    assert (answer["text"], answer["reasoning"]) == (text, "Let me think.")
    _, echoed, _ = await _ask(olga, "And?", lines["gemini-echo"]["ref"], first)
    assert json.loads(echoed) == [["user", "Think"], ["model", text], ["user", "And?"]]


async def test_what_a_standard_model_refuses_is_learnt_once(providers: Providers, sign_up: SignUp) -> None:
    olga = await sign_up(providers.deployment)
    ref = (await _refs(olga))["claude-no-thinking"]["ref"]
    first, _, receipt = await _ask(olga, "Hello?", ref)
    assert receipt["state"] == "done"
    before = providers.anthropic.counts.requests
    _, _, receipt = await _ask(olga, "Hello again?", ref, first)
    assert (receipt["state"], providers.anthropic.counts.requests - before) == ("done", 1)


@pytest.mark.parametrize("model", ["claude-held", "gemini-held"])
async def test_stop_closes_the_connection_and_keeps_what_had_arrived(
    providers: Providers, sign_up: SignUp, model: str
) -> None:
    """P2; a stopped call is counted with what is known of it (P16)."""
    server = providers.anthropic if model.startswith("claude") else providers.google
    olga = await sign_up(providers.deployment)
    exchange = await olga.ask("Take your time", (await _refs(olga))[model]["ref"])
    await wait_until_stored(olga, exchange, HALF)
    assert server.counts.open_connections == 1
    await olga.post(f"/api/replies/{exchange['answer']['reply']['reply_id']}/stop", {})
    events = await follow(olga, exchange)
    receipt = events[-1].data["receipt"]
    assert (text_of(events), receipt["state"], receipt["count_source"]) == (HALF, "stopped", "estimated")
    deadline = time.monotonic() + 10
    while server.counts.open_connections and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert server.counts.open_connections == 0


async def test_no_key_of_the_operator_is_in_any_answer_file_or_line(providers: Providers, sign_up: SignUp) -> None:
    """P12: with a failure, whose words hold what was sent, and everything logged."""
    olga = await sign_up(providers.deployment)
    lines = await _refs(olga)
    receipt: dict[str, Any] = {}
    told = [json.dumps(lines)]
    for model in ("claude-echo", "gemini-echo", "echo", "gemini-overloaded"):
        exchange, text, receipt = await _ask(olga, "Hello?", lines[model]["ref"])
        told += [
            text,
            json.dumps(receipt),
            json.dumps(await olga.get(f"/api/conversations/{exchange['conversation_id']}")),
        ]
    assert receipt["problem"]["code"] == "overloaded"
    told += [json.dumps(await olga.get(path)) for path in ("/api/usage", "/api/audit", "/api/session")]
    assert await providers.deployment.stop() == 0
    files = [file for file in providers.deployment.data.rglob("*") if file.is_file()]
    assert files
    everything = b"".join(file.read_bytes() for file in files) + "".join(told).encode()
    everything += providers.deployment.said.encode()
    assert [name for name, key in KEYS.items() if key.encode() in everything] == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("openai=sk-1\nsk-ant-no-name\n", "MOORAGE_STANDARD_KEYS_FILE: entry 2 is not provider=key."),
        (None, "MOORAGE_STANDARD_KEYS_FILE: the file can't be read."),
    ],
)
async def test_a_file_of_keys_that_can_not_be_read_stops_the_start(
    tmp_path: Path, written: str | None, said: str
) -> None:
    file = tmp_path / "keys.txt"
    if written is not None:
        file.write_text(written)
    serving = Serving(tmp_path / "deployment", {"STANDARD_KEYS_FILE": file})
    try:
        serving.launch()
        assert await serving.ended() != 0
        assert said in serving.said
        assert "sk-ant" not in serving.said
    finally:
        await serving.close()
