"""A hostile endpoint: it says back what it was told, key, address and prompt, wherever an endpoint can say anything."""

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

from tests.support.model_server.server import ModelServer
from tests.support.model_server.wire import Answerer, Request, as_chunk

STATUSES: Final = (302, 400, 401, 403, 404, 413, 422, 429, 500, 503)
OTHERS: Final = (
    "models", "model", "finish", "stream error", "error then stream", "usage", "id", "not json", "html", "broken head",
    "long head", "no head", "cut", "parameter", "tool",
)  # fmt: skip
MODES: Final = (*(f"status {status}" for status in STATUSES), *OTHERS)


class Parrot(ModelServer):
    """Behaves until `mode` is one of MODES."""

    mode = "good"

    async def _answer(self, request: Request, answerer: Answerer) -> None:
        if self.mode == "good":
            await super()._answer(request, answerer)
            return
        words = self._words(request)
        if self.mode.startswith("status "):
            await self._refuse(int(self.mode.removeprefix("status ")), words, answerer)
        elif request.path.endswith("/models"):
            await answerer.send_json({"object": "list", "data": list(self._models(words))})
        else:
            answerer.writer.write(self._say_back(words))
            await answerer.writer.drain()
            answerer.is_kept = False

    def _words(self, request: Request) -> list[str]:
        """What it was told: the key in some forms, the address, and the question."""
        key = self.key or ""
        asked = request.json().get("messages")
        question = asked[-1]["content"] if isinstance(asked, list) and asked else ""
        encoded = base64.b64encode(key.encode()).decode()
        return [key, f"Bearer {key}", encoded, key.upper(), self.base_url, self._name, request.path, str(question)]

    async def _refuse(self, status: int, words: list[str], answerer: Answerer) -> None:
        said = " ".join(words[:4]).replace("\n", " ")
        body = json.dumps(
            {
                "error": {"message": " ".join(words), "type": words[0], "code": words[0], "param": words[0]},
                "detail": words,
                "message": words[0],
            }
        ).encode()
        head = (
            f'HTTP/1.1 {status} {said}\r\nServer: {said}\r\nWWW-Authenticate: Bearer realm="{said}", error="{said}"\r\n'
            f"Location: {words[4]}?{words[0]}\r\nX-Request-Id: {said}\r\nSet-Cookie: session={words[0]}\r\n"
            f"Retry-After: {words[0]}\r\nX-Ratelimit-Reset: {words[0]}\r\n"
            f"Content-Type: application/json; x={words[0]}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        answerer.writer.write(head.encode() + body)
        await answerer.writer.drain()

    def _models(self, words: list[str]) -> Iterator[dict[str, Any]]:
        yield {"id": "steady", "owned_by": words[0]}
        if self.mode == "models":
            for number, word in enumerate(words[:6]):
                yield {"id": word}
                yield {"id": f"model-{word}-{number}"}
                yield {"id": f"named-{number}", "name": f"Model of {word}"}

    def _say_back(self, words: list[str]) -> bytes:
        """A whole answer with head. Texts of an answer are content, and stay free of what is told back."""
        said = " ".join(words[:4])
        event = {"id": "x", "object": "chat.completion.chunk", "model": "steady", "choices": [_delta("Hello")]}
        events: list[object] = [event]
        if self.mode == "model":
            events = [{**event, "model": words[0]}, {**event, "model": words[4]}]
        elif self.mode == "finish":
            events.append({**event, "choices": [_delta("", words[0][:40])]})
        elif self.mode == "id":
            events = [{**event, "id": said, "system_fingerprint": said, "service_tier": said, "object": said}]
        elif self.mode == "usage":
            events.append({**event, "usage": {"prompt_tokens": words[0], said: said, "completion_tokens": said}})
        elif self.mode == "tool":
            call = {"id": said, "type": "function", "function": {"name": said, "arguments": said}}
            events.append({**event, "choices": [{"index": 0, "delta": {"tool_calls": [call], "refusal": None}}]})
        elif self.mode == "stream error":
            events.append({"error": {"message": said, "code": words[0], "type": words[0]}})
        elif self.mode == "error then stream":
            events.insert(0, {"error": {"message": said, "code": 500, "metadata": words}})
        elif self.mode == "parameter":
            return _plain(400, json.dumps({"error": {"message": f"Unsupported parameter: '{said}'", "param": said}}))
        elif self.mode in {"not json", "html", "broken head", "long head", "no head"}:
            return self._no_answer(said)
        data = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in events)
        end = b"" if self.mode == "cut" else b"data: [DONE]\n\n"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        return head + as_chunk(data + f": {said}\n\n".encode() + end) + (b"" if self.mode == "cut" else b"0\r\n\r\n")

    def _no_answer(self, said: str) -> bytes:
        if self.mode == "not json":
            return _plain(200, f"you said {said}")
        if self.mode == "html":
            return _plain(200, f"<!doctype html><title>{said}</title>", "text/html")
        if self.mode == "broken head":
            return f"HTTP/1.1 200 OK\r\n{said}\r\nContent-Length: {said}\r\n\r\n{said}".encode()
        if self.mode == "long head":
            return f"HTTP/1.1 200 OK\r\nX-Said: {said * 2000}\r\n\r\n".encode()
        return f"{said}\r\n\r\n{said}".encode()


def _delta(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": {"content": text}, "finish_reason": finish}


def _plain(status: int, body: str, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n\r\n"
    return head.encode() + body.encode()
