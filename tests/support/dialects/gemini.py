"""Google's Gemini API: what it accepts, what it refuses, and the events of an answer, with CRLF as it sends them."""

import json
import re
from itertools import pairwise
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qs, unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tests.support.dialects.speaking import ARGUMENTS, DialectServer, Talk
from tests.support.model_server.misbehaviour import HTML, LEAK_MARKER
from tests.support.model_server.wire import Answerer, Request


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Part(_Strict):
    text: str


class _Blob(_Strict):
    mimeType: Literal["image/png", "image/jpeg", "image/webp", "application/pdf"]  # noqa: N815 - as the API writes it
    data: str = Field(min_length=1, pattern=r"^[A-Za-z0-9+/]+={0,2}$")


class _Inline(_Strict):
    inlineData: _Blob  # noqa: N815 - as the API writes it


class _Content(_Strict):
    role: Literal["user", "model"]
    parts: list[_Part | _Inline] = Field(min_length=1)


class _System(_Strict):
    role: str | None = None
    parts: list[_Part] = Field(min_length=1)


class _Thinking(_Strict):
    includeThoughts: bool | None = None  # noqa: N815 - as the API writes it
    # The API takes its fields in both spellings; Google's own client uses this one here.
    include_thoughts: bool | None = None
    thinkingBudget: int | None = None  # noqa: N815 - as above
    thinkingLevel: Literal["minimal", "low", "medium", "high"] | None = None  # noqa: N815 - as above


class _Config(_Strict):
    maxOutputTokens: int | None = Field(default=None, ge=1)  # noqa: N815 - as the API writes it
    thinkingConfig: _Thinking | None = None  # noqa: N815 - as above


class Asked(_Strict):
    """A request as the API takes it."""

    contents: list[_Content] = Field(min_length=1)
    systemInstruction: _System | None = None  # noqa: N815 - as the API writes it
    generationConfig: _Config | None = None  # noqa: N815 - as above


def _error(code: int, status: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


_KEY_INFO = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    "reason": "API_KEY_INVALID",
    "domain": "googleapis.com",
    "metadata": {"service": "generativelanguage.googleapis.com"},
}
_QUOTA = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [
        {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
            "quotaDimensions": {"model": "gemini-3.8-flash", "location": "global"},
            "quotaValue": "20",
        }
    ],
}
_CALL = {"functionCall": {"name": "search", "args": ARGUMENTS, "id": "fc1"}, "thoughtSignature": "EjQKMgEMOdbH"}
_EXCEEDED = f"You exceeded your current quota, please check your plan and billing details. {LEAK_MARKER}"


class GeminiServer(DialectServer):
    """Serves `/v1/models` and the two methods of a model."""

    family = "gemini-"
    call_reason = "STOP"
    reasons: ClassVar = {
        "steady": "STOP",
        "length": "MAX_TOKENS",
        "tools": "MALFORMED_FUNCTION_CALL",
        "other": "OTHER",
        "filtered": "SAFETY",
    }
    refusals: ClassVar = {
        "bad-key": (400, _error(400, "INVALID_ARGUMENT", f"API key not valid. {LEAK_MARKER}", _KEY_INFO), {}),
        "leaked-key": (403, _error(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), {}),
        "forbidden": (403, _error(403, "PERMISSION_DENIED", f"Your key may not use this. {LEAK_MARKER}"), {}),
        "place": (
            400,
            _error(400, "FAILED_PRECONDITION", f"User location is not supported for the API use. {LEAK_MARKER}"),
            {},
        ),
        "rate": (
            429,
            _error(
                429,
                "RESOURCE_EXHAUSTED",
                _EXCEEDED,
                _QUOTA,
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "36.429760048s"},
            ),
            {},
        ),
        "quota": (429, _error(429, "RESOURCE_EXHAUSTED", _EXCEEDED), {}),
        "internal": (500, _error(500, "INTERNAL", f"An internal error has occurred. {LEAK_MARKER}"), {}),
        "overloaded": (503, _error(503, "UNAVAILABLE", f"The model is overloaded. {LEAK_MARKER}"), {}),
        "deadline": (504, _error(504, "DEADLINE_EXCEEDED", f"Deadline expired. {LEAK_MARKER}"), {}),
        "too-long": (
            400,
            _error(
                400,
                "INVALID_ARGUMENT",
                "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            ),
            {},
        ),
        "too-large": (
            400,
            _error(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."),
            {},
        ),
        "html": (200, HTML, {}),
        "gateway": (502, HTML, {}),
    }

    def keys_in(self, request: Request) -> tuple[str | None, ...]:
        return (request.headers.get("x-goog-api-key"), *parse_qs(request.query).get("key", []))

    async def _answer(self, request: Request, answerer: Answerer) -> None:
        method = re.fullmatch(rf"{self._prefix}/models/([^/:]+):(streamGenerateContent|generateContent)", request.path)
        if not self.require_known(request):
            await self.refuse(answerer, "bad-key")
        elif (request.method, request.path) == ("GET", f"{self._prefix}/models"):
            await self._list(request, answerer)
        elif request.method == "POST" and method is not None:
            await self._speak(request, answerer, unquote(method[1]), is_stream=method[2].startswith("stream"))
        else:
            await answerer.send(404, b"", "text/html")

    async def _list(self, request: Request, answerer: Answerer) -> None:
        """Three to a page, whatever is asked for; the last model can't hold a conversation."""
        self.counts.list_requests += 1
        start = int(parse_qs(request.query).get("pageToken", ["0"])[0])
        names = [*self.models, "gemini-embedding-2"]
        more = {"nextPageToken": str(start + 3)} if start + 3 < len(names) else {}
        await answerer.send_json({"models": [_model(name) for name in names[start : start + 3]], **more})

    async def _speak(self, request: Request, answerer: Answerer, model: str, *, is_stream: bool) -> None:
        self.last_chat = request.json()
        name = model.removeprefix(self.family)
        try:
            asked = Asked.model_validate(self.last_chat)
        except ValidationError as error:
            place = ".".join(str(part) for part in error.errors()[0]["loc"])
            said = f'Invalid JSON payload received. Unknown name "{place}": Cannot find field.'
            await answerer.send_json(_error(400, "INVALID_ARGUMENT", said), 400)
            return
        refused = _refuse(asked, name)
        if refused:
            await answerer.send_json(_error(400, "INVALID_ARGUMENT", refused), 400)
        elif name in self.refusals:
            await self.refuse(answerer, name)
        elif model not in self.models and not name.startswith("burst-"):
            said = f"models/{model} is not found for API version v1, or is not supported for generateContent. "
            await answerer.send_json(_error(404, "NOT_FOUND", said + LEAK_MARKER), 404)
        else:
            await self.answer_talk(self._talk(asked, answerer, model, is_stream=is_stream))

    def _talk(self, asked: Asked, answerer: Answerer, model: str, *, is_stream: bool) -> Talk:
        turns = [(str(one.role), _text(one.parts)) for one in asked.contents]
        if asked.systemInstruction is not None:
            turns.insert(0, ("system", "".join(part.text for part in asked.systemInstruction.parts)))
        config = asked.generationConfig or _Config()
        thinking = config.thinkingConfig or _Thinking()
        wants = True in {thinking.includeThoughts, thinking.include_thoughts}
        reply_id = f"Il0taoSYJ5Cez7-{self.counts.chat_requests + 1}"
        return Talk(reply_id, model, turns, config.maxOutputTokens, wants, is_stream, answerer)

    def head(self, talk: Talk) -> list[bytes]:
        return []

    def piece(self, talk: Talk, text: str, *, thought: bool = False) -> bytes:
        part = {"text": text, "thought": True} if thought else {"text": text}
        return _event(self._document(talk, [part], None))

    def call(self, talk: Talk) -> list[bytes]:
        return [_event(self._document(talk, [_CALL], None))]

    def calling(self, talk: Talk) -> Any:
        return self._document(talk, [_CALL], self.call_reason)

    def tail(self, talk: Talk, reason: str) -> list[bytes]:
        parts = [] if reason == "SAFETY" else [{"text": "", "thoughtSignature": "EjQKMgEMOdbH"}]
        return [_event(self._document(talk, parts, reason))]

    def error_event(self, talk: Talk) -> bytes:
        return _event(_error(503, "UNAVAILABLE", f"The model is overloaded. {LEAK_MARKER}"))

    def document(self, talk: Talk, text: str, thought: str, reason: str) -> Any:
        parts = ([{"text": thought, "thought": True}] if thought else []) + ([{"text": text}] if text else [])
        document = self._document(talk, parts, reason)
        # Without `alt=sse` a stream is a list.
        return [document] if talk.model.endswith("in-one-piece") else document

    def _document(self, talk: Talk, parts: list[dict[str, Any]], reason: str | None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if reason is not None:
            candidate["finishReason"] = reason
        usage = {"promptTokenCount": talk.tokens_in, "totalTokenCount": talk.tokens_in, "cachedContentTokenCount": 3}
        if reason is not None:
            written = {"candidatesTokenCount": len(talk.sent), "thoughtsTokenCount": 4}
            usage |= written | {"totalTokenCount": talk.tokens_in + len(talk.sent) + 4}
        return {
            "candidates": [candidate],
            "usageMetadata": usage,
            "modelVersion": talk.model,
            "responseId": talk.id,
        }

    async def _answer_as(self, name: str, talk: Talk) -> None:
        if name != "blocked":
            await super()._answer_as(name, talk)
            return
        usage = {"promptTokenCount": talk.tokens_in, "totalTokenCount": talk.tokens_in}
        document = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage}
        if not talk.is_stream:
            await talk.answerer.send_json(document)
            return
        await talk.answerer.start_stream()
        await talk.answerer.write(_event({**document, "modelVersion": talk.model, "responseId": talk.id}))
        await talk.answerer.end_stream()


def _refuse(asked: Asked, name: str) -> str | None:
    """Give what the API says to what its schema alone does not forbid."""
    roles = [content.role for content in asked.contents]
    config = asked.generationConfig
    if any(one == two for one, two in pairwise(roles)) or roles[-1] != "user":
        return "Please ensure that multiturn requests alternate between user and model, and end with user."
    if any(isinstance(part, _Part) and not part.text for content in asked.contents for part in content.parts):
        return "Unable to submit request because it has an empty text parameter."
    if name == "no-thinking" and config is not None and config.thinkingConfig is not None:
        return f"Thinking is not enabled for models/{name}. {LEAK_MARKER}"
    return None


def _event(document: Any) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\r\n\r\n"


def _model(name: str) -> dict[str, Any]:
    methods = ["embedContent"] if "embedding" in name else ["generateContent", "countTokens", "batchGenerateContent"]
    return {
        "name": f"models/{name}",
        "version": "3.8",
        "displayName": name.replace("-", " ").title(),
        "description": "A model of tests",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": methods,
        "temperature": 1,
        "maxTemperature": 2,
        "topP": 0.95,
        "topK": 64,
        "thinking": True,
    }


def _text(parts: list[_Part | _Inline]) -> str:
    return "".join(part.text for part in parts if isinstance(part, _Part))
