"""OpenRouter: lists that are open to everybody, `/key` that is not, comments while it waits, errors within a stream.

Shapes as its OpenAPI document has them. Models: `maker/one` (two hosts keep nothing of it), `maker/dear` (prices,
pictures, tools; every host keeps), `maker/dies` (an error in the middle, as a chunk with `finish_reason` "error"; one
host keeps nothing), `maker/trains` (offered only by who trains on it).
"""

import json
from typing import Any

from tests.support.model_server.misbehaviour import LEAK_MARKER
from tests.support.model_server.server import ModelServer
from tests.support.model_server.wire import Answerer, Request

WORDS = ("word1 ", "word2 ", "word3 ")


def _model(model_id: str, prompt: str, completion: str, **more: Any) -> dict[str, Any]:
    return {
        "id": model_id,
        "canonical_slug": model_id,
        "name": f"Maker: {model_id.partition('/')[2].title()}",
        "created": 1793491200,
        "context_length": 131072,
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"], "tokenizer": "Other"},
        "pricing": {"prompt": prompt, "completion": completion, "request": "0"},
        "top_provider": {"context_length": 131072, "max_completion_tokens": None, "is_moderated": False},
        "supported_parameters": ["max_tokens", "temperature"],
        "expiration_date": None,
        **more,
    }


CATALOGUE = [
    _model("maker/one", "0.0000001", "0.0000005"),
    _model(
        "maker/dear",
        "0.000004",
        "0.00002",
        architecture={"input_modalities": ["text", "image", "file"], "output_modalities": ["text"]},
        top_provider={"context_length": 200000, "max_completion_tokens": 32000, "is_moderated": True},
        supported_parameters=["max_tokens", "tools", "reasoning"],
        expiration_date="2027-03-01",
    ),
    _model("maker/dies", "0", "0"),
    _model("maker/trains", "0", "0"),
    _model("openrouter/auto", "-1", "-1"),
    _model("maker/paints", "0", "0", architecture={"input_modalities": ["text"], "output_modalities": ["image"]}),
]


def _endpoint(model_id: str, host: str) -> dict[str, Any]:
    """Write one host of a model, as `/endpoints/zdr` does: it is there because it keeps nothing."""
    slug = host.lower().replace(" ", "-")
    return {
        "name": f"{host} | {model_id}-20260907",
        "model_id": model_id,
        "model_name": f"Maker: {model_id.partition('/')[2].title()}",
        "context_length": 131072,
        "pricing": {"prompt": "0.0000001", "completion": "0.0000005", "discount": 0},
        "provider_name": host,
        "tag": f"{slug}/fp8",
        "quantization": "fp8",
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "supported_parameters": ["max_tokens", "temperature"],
        "status": 0,
        "uptime_last_30m": 99.5,
        "uptime_last_5m": 100,
        "uptime_last_1d": 99.8,
        "supports_implicit_caching": False,
        "latency_last_30m": None,
        "throughput_last_30m": None,
    }


KEEPS_NOTHING = [
    _endpoint("maker/one", "Quay Compute"),
    _endpoint("maker/one", "DeepHarbour"),
    _endpoint("maker/one", "DeepHarbour"),
    _endpoint("maker/dies", "DeepHarbour"),
    _endpoint("maker/embeds", "DeepHarbour"),
]


class OpenRouterServer(ModelServer):
    """Serves its lists to everybody, `/key` and `/chat/completions` to who has the key. `credit`: None for no limit.

    `keepers`: who keeps nothing; any document is sent as it is, None: that path breaks (500), "silence": it hangs.
    """

    credit: float | None = 12.5
    # How often it was asked who keeps nothing.
    keepers_asked: int = 0
    keepers: Any = {"data": KEEPS_NOTHING}  # noqa: RUF012 - replaced by a test, never changed

    async def _answer(self, request: Request, answerer: Answerer) -> None:
        path = request.path.removeprefix(self._prefix)
        if path == "/models":
            self.counts.list_requests += 1
            await answerer.send_json({"data": CATALOGUE, "total_count": len(CATALOGUE)})
        elif path == "/endpoints/zdr":
            self.keepers_asked += 1
            await self._tell_keepers(answerer)
        elif not self._has_key(request):
            await answerer.send_json({"error": {"message": f"User not found. {LEAK_MARKER}", "code": 401}}, 401)
        elif path == "/key":
            facts = {"label": "sk-or-v1-0e6…1c96", "limit": 20, "limit_remaining": self.credit, "is_free_tier": False}
            await answerer.send_json({"data": facts})
        elif path == "/chat/completions":
            await self._talk(request, answerer)
        else:
            await answerer.send_json({"error": {"message": "Not Found", "code": 404}}, 404)

    async def _tell_keepers(self, answerer: Answerer) -> None:
        if self.keepers is None:
            await answerer.send_json({"error": {"message": f"Internal Server Error {LEAK_MARKER}", "code": 500}}, 500)
        elif self.keepers == "silence":
            await answerer.hang()
        else:
            await answerer.send_json(self.keepers)

    async def _talk(self, request: Request, answerer: Answerer) -> None:
        self.counts.chat_requests += 1
        asked = self.last_chat = request.json()
        model, wants = str(asked.get("model")), asked.get("provider")
        if self.credit is not None and self.credit <= 0:
            await answerer.send_json({"error": {"message": f"Insufficient credits. {LEAK_MARKER}", "code": 402}}, 402)
        elif model not in {entry["id"] for entry in CATALOGUE}:
            said = f"{model} is not a valid model ID {LEAK_MARKER}"
            await answerer.send_json({"error": {"message": said, "code": 400}}, 400)
        elif unmet := _unmet(model, wants if isinstance(wants, dict) else {}):
            said = f"No endpoints found matching your data policy ({unmet}). {LEAK_MARKER}"
            await answerer.send_json({"error": {"message": said, "code": 404}}, 404)
        else:
            await self._stream(model, answerer)

    async def _stream(self, model: str, answerer: Answerer) -> None:
        answerer.extra_headers["x-generation-id"] = "gen-1"
        await answerer.start_stream()
        base = {"id": "gen-1", "provider": "Maker", "model": model, "object": "chat.completion.chunk"}

        def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
            choices = [{"index": 0, "delta": delta, "finish_reason": finish, "native_finish_reason": finish}]
            return b"data: " + json.dumps({**base, "choices": choices, **more}).encode() + b"\n\n"

        comment = b": OPENROUTER PROCESSING\n\n"
        pieces = [chunk({"role": "assistant", "content": word}) for word in WORDS]
        if model == "maker/dies":
            error = {"code": 502, "message": LEAK_MARKER, "metadata": {"error_type": "provider_unavailable"}}
            broken = chunk({"content": ""}, "error", error=error)
            await answerer.write(comment, comment, *pieces[:2], comment, broken)
        else:
            usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10, "cost": 0.00014, "is_byok": False}
            ending = b"data: " + json.dumps({**base, "choices": [], "usage": usage}).encode() + b"\n\n"
            await answerer.write(comment, comment, *pieces, chunk({"content": ""}, "stop"), ending, b"data: [DONE]\n\n")
            self.counts.completed += 1
        await answerer.end_stream()


def _unmet(model: str, wants: dict[str, Any]) -> str | None:
    if model == "maker/trains" and wants.get("data_collection") == "deny":
        return "Paid model training"
    keeps = model not in {one["model_id"] for one in KEEPS_NOTHING}
    return "Zero data retention" if wants.get("zdr") is True and keeps else None
