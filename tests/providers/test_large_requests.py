"""Requests with attachments: written where nobody waits for it, and let go as soon as they were sent."""

import threading
import weakref
from base64 import b64encode
from collections.abc import Callable

import pytest

from moorage.egress.door import Line, Outbound
from moorage.egress.urls import Endpoint
from moorage.providers.ollama import Ollama
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.protocol import Attached, ChatRequest, Delta, Turn
from moorage.providers.speaking import Speaker, Way, base64_of
from moorage.vault.secret import Secret
from tests.providers.hearing import hear
from tests.support.model_server import ModelServer

Reach = Callable[[ModelServer], tuple[Line, Endpoint]]
PICTURE = Attached("image", "image/png", "x.png", b"\x89PNG")


class Noting(OpenAICompatible):
    """Notes on which thread each request is written."""

    thread: int | None = None

    def _prepare_chat(self, request: ChatRequest, way: Way) -> Outbound:
        self.thread = threading.get_ident()
        return super()._prepare_chat(request, way)


@pytest.mark.parametrize(
    ("turn", "is_here"),
    [
        (Turn("user", "a question"), True),
        (Turn("user", "x" * 1024 * 1024), False),
        (Turn("user", "What is this?", (PICTURE,)), False),
    ],
    ids=["words", "a-long-text", "a-picture"],
)
async def test_what_takes_long_to_write_is_written_on_a_thread(
    server: ModelServer, reach: Reach, turn: Turn, is_here: bool
) -> None:
    provider = Noting(*reach(server), Secret("sk-1"))
    assert (await hear(provider, "steady-sees", turns=(turn,))).text
    assert (provider.thread == threading.get_ident()) == is_here


class Kept(list[Turn]):
    """Turns of which can be told whether somebody keeps them."""


@pytest.mark.parametrize("kind", [OpenAICompatible, Ollama])
async def test_turns_are_let_go_once_they_were_sent(server: ModelServer, reach: Reach, kind: type[Speaker]) -> None:
    provider = kind(*reach(server), Secret("sk-1"))
    told: list[str] = []
    turns = Kept([Turn("user", "What is this?", (PICTURE,))])
    kept = weakref.ref(turns)
    reply = provider.reply(ChatRequest("steady-sees", turns, sent=lambda: told.append("sent")))
    del turns
    assert isinstance(await anext(reply), Delta)
    assert (kept(), told) == (None, ["sent"])
    await reply.aclose()


@pytest.mark.parametrize("size", [0, 1, 786_431, 786_432, 786_433, 2_000_000])
def test_base64_in_pieces_is_base64(size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    one = Attached("image", "image/png", "x.png", data[:size])
    assert base64_of(one) == b64encode(one.data).decode()
