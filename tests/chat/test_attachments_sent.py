"""What is attached arrives: at each of the three protocols over TLS, byte for byte as it is kept, or as text."""

import base64
import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.attaching import attach, content, send
from tests.support.authority import TestAuthority
from tests.support.dialects import GeminiServer, MessagesServer
from tests.support.files import pdf, photo
from tests.support.model_server import ModelServer
from tests.support.model_server.parts import files_in
from tests.support.running import MODEL_KEY, Person, running, settings_for

CATALOGUE = """
[openai]
name = "OpenAI"
speaks = "openai"
base_url = "{openai}"
models = [
  {{ id = "steady-sees", inputs = ["text", "image", "file"] }},
  {{ id = "steady", inputs = ["text"] }},
]

[anthropic]
name = "Anthropic"
speaks = "anthropic"
base_url = "{anthropic}"
models = [{{ id = "claude-steady", inputs = ["text", "image", "file"] }}]

[google]
name = "Google"
speaks = "google"
base_url = "{google}"
models = [{{ id = "gemini-steady", inputs = ["text", "image", "file"] }}]
"""
SEEING = ("standard:openai/steady-sees", "standard:anthropic/claude-steady", "standard:google/gemini-steady")
BLIND = "standard:openai/steady"


@dataclass
class Pier:
    """Olga with three standard models that see, and one that does not."""

    olga: Person
    servers: dict[str, ModelServer]

    def got(self, ref: str) -> list[tuple[str, bytes]]:
        """Type and bytes of everything that the latest request to this provider carried, in order."""
        provider = ref.split(":")[1].split("/", maxsplit=1)[0]
        body: Any = self.servers[provider].last_chat
        if provider == "openai":
            return files_in(body)
        if provider == "anthropic":
            blocks = [block for one in body["messages"] if isinstance(one["content"], list) for block in one["content"]]
            sources = [block["source"] for block in blocks if "source" in block]
            return [(one["media_type"], base64.b64decode(one["data"])) for one in sources]
        parts = [part["inlineData"] for one in body["contents"] for part in one["parts"] if "inlineData" in part]
        return [(one["mimeType"], base64.b64decode(one["data"])) for one in parts]


@pytest_asyncio.fixture
async def pier(database_url: str, tmp_path: Path) -> AsyncIterator[Pier]:
    authority = TestAuthority(tmp_path / "ca")
    context = authority.server_context("localhost")
    async with contextlib.AsyncExitStack() as stack:
        servers: dict[str, ModelServer] = {
            "openai": ModelServer(context, key=MODEL_KEY, models=("steady-sees", "steady")),
            "anthropic": MessagesServer(context, key=MODEL_KEY, models=["claude-steady"]),
            "google": GeminiServer(context, key=MODEL_KEY, models=["gemini-steady"]),
        }
        for server in servers.values():
            await stack.enter_async_context(server)
        file = tmp_path / "catalogue.toml"
        file.write_text(CATALOGUE.format(**{name: server.base_url for name, server in servers.items()}))
        allowed = ",".join(f"localhost:{server.port}=127.0.0.1/32" for server in servers.values())
        settings = settings_for(
            database_url,
            tmp_path,
            authority,
            servers["openai"],
            egress_allow=allowed,
            catalogue=file,
            standard_keys=",".join(f"{name}={MODEL_KEY}" for name in servers),
        )
        harbour = await stack.enter_async_context(running(settings, servers["openai"]))
        yield Pier(await harbour.olga(), servers)


@pytest.mark.parametrize("ref", SEEING)
async def test_a_picture_and_a_pdf_arrive_byte_for_byte(pier: Pier, ref: str) -> None:
    """P2."""
    olga = pier.olga
    picture, document = await attach(olga, "x.jpg", photo()), await attach(olga, "y.pdf", pdf("Kaufvertrag"))
    exchange = await send(olga, "What is this?", picture, document, ref=ref)
    receipt = await olga.wait_for(exchange)
    assert (receipt["state"], receipt["withheld"]) == ("done", None)
    kept = [(await content(olga, one)).content for one in (picture, document)]
    assert pier.got(ref) == [("image/jpeg", kept[0]), ("application/pdf", kept[1])]


@pytest.mark.parametrize("ref", SEEING)
async def test_a_picture_arrives_without_a_word(pier: Pier, ref: str) -> None:
    exchange = await send(pier.olga, "", await attach(pier.olga, "x.jpg", photo()), ref=ref)
    assert (await pier.olga.wait_for(exchange))["state"] == "done"
    assert [kind for kind, _ in pier.got(ref)] == ["image/jpeg"]


async def test_a_conversation_with_pictures_goes_from_model_to_model_and_back(pier: Pier) -> None:
    """P2: each gets the whole of it; the blind one the words, a note for the picture and the text of the PDF."""
    olga = pier.olga
    picture = await attach(olga, "x.png", photo(kind="PNG"))
    document = await attach(olga, "Vertrag.pdf", pdf("Kaufvertrag", "Frist"))
    exchange = await send(olga, "What is this?", picture, document, ref=SEEING[0])
    for ref in (*SEEING[1:], BLIND, *SEEING):
        exchange = await send(olga, "And now?", after=exchange, ref=ref)
        receipt = await olga.wait_for(exchange)
        assert receipt["state"] == "done", receipt
        assert len(pier.got(ref)) == (0 if ref == BLIND else 2)
        if ref == BLIND:
            body: Any = pier.servers["openai"].last_chat
            said = body["messages"][0]["content"]
            assert '[The attachment "x.png" was not sent: this model takes no pictures.]' in said
            assert "[Page 1]\nKaufvertrag\n\n[Page 2]\nFrist" in said
            assert said.endswith("What is this?")
            told = [(one["name"], one["why"]) for one in receipt["withheld"]["files"]]
            assert told == [("x.png", "no_images"), ("Vertrag.pdf", "as_text")]


async def test_an_answer_is_asked_again_of_another_model_with_the_picture(pier: Pier) -> None:
    olga = pier.olga
    picture = await attach(olga, "x.png", photo(kind="PNG"))
    exchange = await send(olga, "What is this?", picture, ref=BLIND)
    path = f"/api/conversations/{exchange['conversation_id']}/messages/{exchange['answer']['id']}"
    again = await olga.post(f"{path}/regenerate", {"model_ref": SEEING[1]})
    await olga.wait_for(again)
    assert [kind for kind, _ in pier.got(SEEING[1])] == ["image/png"]
    assert again["answer"]["reply"]["withheld"] is None


async def test_a_connections_model_takes_pictures_once_its_profile_says_so(pier: Pier) -> None:
    """What nobody says of a model, people can: the override counts at the call, not only in the list."""
    olga, server = pier.olga, pier.servers["openai"]
    made = await olga.connect(server.base_url, ["steady-sees"])
    model = next(one for one in made["models"] if one["enabled"])
    picture = await attach(olga, "x.png", photo(kind="PNG"))
    first = await send(olga, "What is this?", picture, ref=model["ref"])
    assert files_in(server.last_chat) == []
    wish = {"inputs": ["text", "image"]}
    path = f"/api/connections/{made['id']}/models/{model['id']}"
    changed = await olga.call("PATCH", path, wish)
    assert changed.status_code == 200, changed.text
    await send(olga, "Look again", after=first, ref=model["ref"])
    assert [kind for kind, _ in files_in(server.last_chat)] == ["image/png"]


async def test_a_file_whose_conversation_is_deleted_meanwhile_is_sent_to_nobody(pier: Pier) -> None:
    olga = pier.olga
    picture = await attach(olga, "x.png", photo(kind="PNG"))
    where = (await olga.post("/api/conversations", {}))["id"]
    body = {"client_id": str(uuid.uuid4()), "text": "x", "model_ref": SEEING[0], "attachments": [picture["id"]]}
    await olga.post(f"/api/conversations/{where}/messages", body)
    await olga.call("DELETE", f"/api/conversations/{where}")
    assert (await content(olga, picture)).status_code == 404
