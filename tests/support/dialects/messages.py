"""Anthropic's Messages API: what it accepts, what it refuses, and the events of an answer."""

import json
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tests.support.dialects.speaking import ARGUMENTS, DialectServer, Talk
from tests.support.model_server.misbehaviour import HTML, LEAK_MARKER
from tests.support.model_server.wire import Answerer, Request

MAX_OUTPUT = 128_000
MAX_MARKS = 4
BASE64 = r"^[A-Za-z0-9+/]+={0,2}$"
VERSIONS = {"2023-06-01", "2026-10-21"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _CacheControl(_Strict):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class _Text(_Strict):
    type: Literal["text"]
    text: str = Field(min_length=1)
    cache_control: _CacheControl | None = None


class _Picture(_Strict):
    type: Literal["base64"]
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: str = Field(min_length=1, max_length=5 * 1024 * 1024, pattern=BASE64)


class _Image(_Strict):
    type: Literal["image"]
    source: _Picture
    cache_control: _CacheControl | None = None


class _Pdf(_Strict):
    type: Literal["base64"]
    media_type: Literal["application/pdf"]
    data: str = Field(min_length=1, pattern=BASE64)


class _Document(_Strict):
    type: Literal["document"]
    source: _Pdf
    title: str | None = None
    cache_control: _CacheControl | None = None


_Block = Annotated[_Text | _Image | _Document, Field(discriminator="type")]


class _Message(_Strict):
    role: Literal["user", "assistant"]
    content: Annotated[str, Field(min_length=1)] | Annotated[list[_Block], Field(min_length=1)]


class _Adaptive(_Strict):
    type: Literal["adaptive"]
    display: Literal["summarized", "omitted"] | None = None


class _Disabled(_Strict):
    type: Literal["disabled"]


class Asked(_Strict):
    """A request as the API takes it."""

    model: str
    max_tokens: int = Field(ge=1)
    messages: list[_Message] = Field(min_length=1)
    system: str | list[_Text] | None = None
    stream: bool = False
    thinking: _Adaptive | _Disabled | None = None


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}


class MessagesServer(DialectServer):
    """Serves `/v1/messages` and `/v1/models`."""

    family = "claude-"
    call_reason = "tool_use"
    reasons: ClassVar = {
        "steady": "end_turn",
        "length": "max_tokens",
        "tools": "tool_use",
        "other": "pause_turn",
        "filtered": "refusal",
        "window": "model_context_window_exceeded",
    }
    refusals: ClassVar = {
        "bad-key": (401, _error("authentication_error", f"invalid x-api-key {LEAK_MARKER}"), {}),
        "forbidden": (403, _error("permission_error", f"Your key may not use this. {LEAK_MARKER}"), {}),
        "too-large": (413, _error("request_too_large", f"Request exceeds the maximum size {LEAK_MARKER}"), {}),
        "rate": (429, _error("rate_limit_error", f"This would exceed your limit {LEAK_MARKER}"), {"retry-after": "12"}),
        "api-error": (500, _error("api_error", f"Internal server error {LEAK_MARKER}"), {}),
        "overloaded": (529, _error("overloaded_error", f"Overloaded {LEAK_MARKER}"), {}),
        "no-credit": (
            400,
            _error("invalid_request_error", f"Your credit balance is too low to access the API. {LEAK_MARKER}"),
            {},
        ),
        "billing": (402, _error("billing_error", LEAK_MARKER), {}),
        "too-long": (
            400,
            _error("invalid_request_error", f"prompt is too long: 1000015 tokens > 1000000 maximum {LEAK_MARKER}"),
            {},
        ),
        "no-room": (
            400,
            _error(
                "invalid_request_error",
                f"input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000 {LEAK_MARKER}",
            ),
            {},
        ),
        "html": (200, HTML, {}),
        "gateway": (502, HTML, {}),
    }

    def keys_in(self, request: Request) -> tuple[str | None, ...]:
        # A key goes in either header; the maker's own client has sent the second since October 2026.
        return (request.headers.get("x-api-key"), request.headers.get("authorization", "").removeprefix("Bearer "))

    async def _answer(self, request: Request, answerer: Answerer) -> None:
        answerer.extra_headers["request-id"] = "req_011CSHoEeqs5C35K2UUqR7Fy"
        if not self.require_known(request):
            await self.refuse(answerer, "bad-key")
        elif request.headers.get("anthropic-version") not in VERSIONS:
            await answerer.send_json(_error("invalid_request_error", "anthropic-version: header is required"), 400)
        elif (request.method, request.path) == ("GET", f"{self._prefix}/models"):
            await self._list(request, answerer)
        elif (request.method, request.path) == ("POST", f"{self._prefix}/messages"):
            await self._speak(request, answerer)
        else:
            await answerer.send_json(_error("not_found_error", "Not found"), 404)

    async def _list(self, request: Request, answerer: Answerer) -> None:
        """Three to a page, whatever is asked for: a list always has more than one."""
        self.counts.list_requests += 1
        after = parse_qs(request.query).get("after_id", [""])[0]
        start = self.models.index(after) + 1 if after in self.models else 0
        page = self.models[start : start + 3]
        data = [_model(name) for name in page]
        await answerer.send_json(
            {
                "data": data,
                "first_id": page[0] if page else None,
                "has_more": start + 3 < len(self.models),
                "last_id": page[-1] if page else None,
            }
        )

    async def _speak(self, request: Request, answerer: Answerer) -> None:
        self.last_chat = request.json()
        try:
            asked = Asked.model_validate(self.last_chat)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            await answerer.send_json(_error("invalid_request_error", f"{place}: {first['msg']}"), 400)
            return
        name = asked.model.removeprefix(self.family)
        refused = _refuse(asked, name)
        if refused:
            await answerer.send_json(_error("invalid_request_error", refused), 400)
        elif name in self.refusals:
            await self.refuse(answerer, name)
        elif asked.model not in self.models and not name.startswith("burst-"):
            await answerer.send_json(_error("not_found_error", f"model: {asked.model}"), 404)
        else:
            await self.answer_talk(self._talk(asked, answerer))

    def _talk(self, asked: Asked, answerer: Answerer) -> Talk:
        turns = [(str(one.role), _text(one.content)) for one in asked.messages]
        if asked.system is not None:
            turns.insert(0, ("system", _text(asked.system)))
        wants = isinstance(asked.thinking, _Adaptive) and asked.thinking.display == "summarized"
        message_id = f"msg_{self.counts.chat_requests + 1:024}"
        return Talk(message_id, asked.model, turns, asked.max_tokens, wants, asked.stream, answerer)

    def head(self, talk: Talk) -> list[bytes]:
        usage = {
            "input_tokens": talk.tokens_in,
            "cache_creation_input_tokens": 2,
            "cache_read_input_tokens": 3,
            "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 1,
            "service_tier": "standard",
        }
        message: dict[str, Any] = {
            "id": talk.id,
            "type": "message",
            "role": "assistant",
            "model": talk.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        thinks = talk.wants_thinking and talk.model.endswith("thinks")
        block = {"type": "thinking", "thinking": "", "signature": ""} if thinks else {"type": "text", "text": ""}
        return [
            _event("message_start", message=message),
            _event("content_block_start", index=0, content_block=block),
            _event("ping"),
        ]

    def piece(self, talk: Talk, text: str, *, thought: bool = False) -> bytes:
        delta = {"type": "thinking_delta", "thinking": text} if thought else {"type": "text_delta", "text": text}
        begins, follows_thinking = b"", talk.wants_thinking and talk.model.endswith("thinks") and not thought
        if follows_thinking and text == talk.words[0]:
            begins = (
                _event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "EqQB"})
                + _event("content_block_stop", index=0)
                + _event("content_block_start", index=1, content_block={"type": "text", "text": ""})
            )
        return begins + _event("content_block_delta", index=int(follows_thinking), delta=delta)

    def call(self, talk: Talk) -> list[bytes]:
        block = {"type": "tool_use", "id": "toolu_01T1", "name": "search", "input": {}, "caller": {"type": "direct"}}
        arguments = json.dumps(ARGUMENTS)
        pieces = ("", arguments[:9], arguments[9:])
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        return [
            _event("content_block_stop", index=0),
            _event("content_block_start", index=1, content_block=block),
            *(_event("content_block_delta", index=1, delta=delta) for delta in deltas),
            _event("content_block_stop", index=1),
        ]

    def calling(self, talk: Talk) -> dict[str, Any]:
        block = {"type": "tool_use", "id": "toolu_01T1", "name": "search", "input": ARGUMENTS}
        return self.document(talk, "", "", self.call_reason) | {"content": [block]}

    def tail(self, talk: Talk, reason: str) -> list[bytes]:
        details = {"type": "refusal", "category": "bio", "explanation": LEAK_MARKER} if reason == "refusal" else None
        usage = {"output_tokens": len(talk.sent), "output_tokens_details": {"thinking_tokens": 0}}
        delta = {"stop_reason": reason, "stop_sequence": None, "stop_details": details}
        open_block = int(talk.wants_thinking and talk.model.endswith("thinks"))
        closing = [] if talk.model.endswith("calls") else [_event("content_block_stop", index=open_block)]
        return [
            *closing,
            _event("message_delta", delta=delta, usage=usage),
            _event("message_stop"),
        ]

    def error_event(self, talk: Talk) -> bytes:
        document = {"type": "error", "error": {"type": "overloaded_error", "message": f"Overloaded {LEAK_MARKER}"}}
        return b"event: error\ndata: " + json.dumps(document).encode() + b"\n\n"

    def document(self, talk: Talk, text: str, thought: str, reason: str) -> dict[str, Any]:
        content = ([{"type": "thinking", "thinking": thought, "signature": "EqQB"}] if thought else []) + (
            [{"type": "text", "text": text}] if text else []
        )
        usage = {"input_tokens": talk.tokens_in, "output_tokens": len(talk.sent)}
        usage |= {"cache_creation_input_tokens": 2, "cache_read_input_tokens": 3}
        return {
            "id": talk.id,
            "type": "message",
            "role": "assistant",
            "model": talk.model,
            "content": content,
            "stop_reason": reason,
            "stop_sequence": None,
            "usage": usage,
        }


def _refuse(asked: Asked, name: str) -> str | None:
    """Give what the API says to what its schema alone does not forbid."""
    roles = [message.role for message in asked.messages]
    texts = [_text(one.content) for one in asked.messages if not _has_files(one.content) or _text(one.content)]
    limit = 100 if name == "small" else MAX_OUTPUT
    blocks = [block for one in asked.messages if isinstance(one.content, list) for block in one.content]
    marked = sum(block.cache_control is not None for block in blocks)
    too_many = f"max_tokens: {asked.max_tokens} > {limit}, which is the maximum allowed number of output tokens for"
    wish = "" if asked.thinking is None else asked.thinking.type
    rules = (
        (roles[0] != "user", "messages: first message must use the user role"),
        (
            roles[-1] != "user",
            "This model does not support assistant message prefill.",
        ),
        (any(one == two for one, two in pairwise(roles)), "messages: roles must alternate between user and assistant"),
        (not all(text.strip() for text in texts), "messages: text content blocks must contain non-whitespace text"),
        (
            any(one.role == "assistant" and _has_files(one.content) for one in asked.messages),
            "messages: image blocks are only permitted in user turns",
        ),
        (asked.max_tokens > limit, f"{too_many} {asked.model} {LEAK_MARKER}"),
        (
            name == "no-thinking" and bool(wish),
            f'"thinking.type.{wish}" is not supported for this model. {LEAK_MARKER}',
        ),
        (marked > MAX_MARKS, f"A maximum of 4 blocks with cache_control may be provided. Found {marked}."),
    )
    return next((said for is_broken, said in rules if is_broken), None)


def _text(content: str | list[_Text] | list[_Block]) -> str:
    return content if isinstance(content, str) else "".join(one.text for one in content if isinstance(one, _Text))


def _has_files(content: str | list[_Block]) -> bool:
    return not isinstance(content, str) and any(not isinstance(one, _Text) for one in content)


def _event(kind: str, **more: object) -> bytes:
    return f"event: {kind}\ndata: ".encode() + json.dumps({"type": kind, **more}).encode() + b"\n\n"


def _model(name: str) -> dict[str, Any]:
    """One entry of the list, with every capability named as the API names it."""
    is_retired = name.endswith("retired")
    names = ("batch", "citations", "code_execution", "image_input", "pdf_input", "structured_outputs")
    supports: dict[str, Any] = {one: {"supported": True} for one in names}
    supports["thinking"] = {
        "supported": True,
        "types": {
            one: {"supported": one == "adaptive"} for one in ("adaptive", "between_tools", "disabled", "enabled")
        },
    }
    return {
        "type": "model",
        "id": name,
        "display_name": name.replace("-", " ").title(),
        "created_at": "2026-09-30T00:00:00Z",
        "lifecycle": "retired" if is_retired else "active",
        "deprecated_at": "2026-05-01T00:00:00Z" if is_retired else None,
        "retires_at": "2026-11-01T00:00:00Z" if is_retired else None,
        "line": None,
        "max_input_tokens": 1_000_000,
        "max_tokens": MAX_OUTPUT,
        "capabilities": supports,
    }
