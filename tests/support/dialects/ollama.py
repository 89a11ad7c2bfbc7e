"""Ollama as its source has it: routes, shapes, the check of `Host`, the window that it cuts to without a word.

Models: `tiny` (window 4096, set by num_ctx), `sees` (images and thinking, no num_ctx), `embeds` (can't chat), `cloud`
(runs at ollama.com). A conversation above the window loses its oldest messages; a word counts as one token.
"""

import json
from collections.abc import Mapping
from typing import Any

from tests.support.model_server.server import ModelServer
from tests.support.model_server.wire import Answerer, Request

WINDOW = 4096
SHOWN: Mapping[str, Mapping[str, Any]] = {
    "tiny": {
        "details": {"family": "llama", "parameter_size": "1M"},
        "model_info": {"general.architecture": "llama", "llama.context_length": 131072},
        "capabilities": ["completion", "tools"],
        "parameters": 'stop                           "<|eot|>"\nnum_ctx                        4096',
    },
    "sees": {
        "model_info": {"general.architecture": "gemma4", "gemma4.context_length": 262144},
        "capabilities": ["completion", "vision", "thinking"],
    },
    "embeds": {"model_info": {"general.architecture": "bert"}, "capabilities": ["embedding"]},
    "cloud": {
        "model_info": {"general.architecture": "gptoss", "gptoss.context_length": 131072},
        "capabilities": ["completion"],
        "remote_host": "https://ollama.com:443",
        "remote_model": "gpt-oss:120b",
    },
}
_ENDINGS = (".localhost", ".local", ".internal")


class OllamaServer(ModelServer):
    """Serves `/v1` and what of `/api` a proxy may let through. `loaded`: window by model, as `/api/ps` tells.

    `ps`: its whole text instead. `closed`: paths that a proxy before it keeps to itself.
    `checks_host`: like one that listens on loopback.
    `holds`: after the first word it waits until `release()`.
    """

    def __init__(self, *args: Any, checks_host: bool = False, **more: Any) -> None:
        super().__init__(*args, **{"models": tuple(SHOWN), **more})
        self.loaded: dict[str, int] = {}
        self.ps: str | None = None
        self.closed: frozenset[str] = frozenset()
        self.checks_host = checks_host
        self.holds = False
        self.asked: list[tuple[str, str | None]] = []

    async def _answer(self, request: Request, answerer: Answerer) -> None:
        self.asked.append((request.path, request.headers.get("authorization")))
        host = request.headers.get("host", "").rsplit(":", 1)[0].lower()
        if self.checks_host and host not in {"localhost", "127.0.0.1", "[::1]"} and not host.endswith(_ENDINGS):
            await answerer.send(403, b"")
        elif not self._has_key(request):
            await answerer.send_json({"error": {"message": "Missing or wrong bearer token"}}, 401)
        elif request.path in self.closed:
            await answerer.send_json({"error": {"message": "This path is not published"}}, 404)
        elif request.path == "/api/show":
            await self._show(str(request.json().get("model")), answerer)
        elif request.path == "/api/ps":
            models = [{"name": name, "model": name, "context_length": window} for name, window in self.loaded.items()]
            said = json.dumps({"models": models}) if self.ps is None else self.ps
            await answerer.send(200, said.encode(), "application/json")
        elif request.path == "/api/version":
            await answerer.send_json({"version": "0.31.0"})
        elif request.path == f"{self._prefix}/chat/completions":
            await self._talk(request, answerer)
        elif request.path == "/v1/models":
            data = [{"id": name, "object": "model", "created": 1, "owned_by": "library"} for name in self.models]
            await answerer.send_json({"object": "list", "data": data})
        else:
            await answerer.send(404, b"404 page not found", "text/plain")

    async def _show(self, name: str, answerer: Answerer) -> None:
        if name in SHOWN:
            await answerer.send_json(SHOWN[name])
        else:
            await answerer.send_json({"error": f"model '{name}' not found"}, 404)

    async def _talk(self, request: Request, answerer: Answerer) -> None:
        self.counts.chat_requests += 1
        asked = self.last_chat = request.json()
        name = str(asked.get("model"))
        if name not in self.models or "completion" not in SHOWN.get(name, {}).get("capabilities", ["completion"]):
            error = {"message": f"model '{name}' not found", "type": "not_found_error", "param": None, "code": None}
            await answerer.send_json({"error": error}, 404)
            return
        messages = asked["messages"]
        assert isinstance(messages, list)
        read, sizes = 0, [len(message["content"].split()) for message in messages]
        for size in reversed(sizes):
            # The last message is always read, as much of it as there is room for.
            read = min(WINDOW - 10, size) if not read else read + size if read + size < WINDOW else read
        await answerer.start_stream()
        base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": name, "system_fingerprint": "fp_ollama"}
        words = ["word1 ", "word2 ", "word3 "]
        events: list[dict[str, Any]] = [
            {**base, "choices": [{"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}]}
            for word in words
        ]
        events.append({**base, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}]})
        if asked.get("stream_options"):
            usage = {"prompt_tokens": read, "completion_tokens": len(words), "total_tokens": read + len(words)}
            events.append({**base, "choices": [], "usage": usage})
        said = [b"data: " + _json(event) + b"\n\n" for event in events] + [b"data: [DONE]\n\n"]
        if self.holds:
            await answerer.write(said.pop(0))
            await answerer.hang()
        await answerer.write(*said)
        await answerer.end_stream()
        self.counts.completed += 1


def _json(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event).encode()
