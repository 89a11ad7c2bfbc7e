"""Chat completions as OpenAI defined them and as everybody else means them; own code, no SDK (ADR 0004).

Never retries after the first byte of an answer, and before it only to leave out or rename a field that the endpoint
named as the reason for its refusal, or to add a missing `/v1`. What a retry taught stays in `quirks` and `endpoint`.
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

import orjson

from moorage.egress.door import Answer, Incoming, Line, Outbound
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.completions import CompletionReader
from moorage.providers.discovery import read_model_list
from moorage.providers.failures import (
    MAX_ERROR_BODY_BYTES,
    classify_answer,
    classify_event,
    find_refused_parameter,
    read_json,
)
from moorage.providers.protocol import ChatRequest, Delta, DiscoveredModel, End, Provider, Quirks, Turn
from moorage.providers.text import repair_surrogates
from moorage.vault.secret import Secret

_MAX_LIST_BYTES: Final = 16 * 1024 * 1024
# Framing costs about 200 bytes for a token of four; the answer itself is bounded by completions.MAX_ANSWER_CHARS.
_MAX_STREAM_BYTES: Final = 512 * 1024 * 1024
_MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024
_PADDING: Final = b"\xef\xbb\xbf \t\r\n"
_MAX_PADDING_BYTES: Final = 4096
_ERROR_BODY_TIMEOUT_S: Final = 5.0
_DRAIN_TIMEOUT_S: Final = 0.25
_GOOD: Final = range(200, 300)
_NO_LIST: Final = frozenset({"models_not_offered", "not_api"})
_NOT_THERE: Final = frozenset({404, 405})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a reply may take, in seconds: to begin, between two pieces, altogether."""

    first_byte_timeout_s: float = 120.0
    idle_timeout_s: float = 60.0
    total_timeout_s: float = 1800.0


class OpenAICompatible(Provider):
    """One endpoint that speaks chat completions: vLLM, LiteLLM, Azure OpenAI, Mistral, llama.cpp, Ollama's `/v1`."""

    def __init__(
        self,
        line: Line,
        endpoint: Endpoint,
        key: Secret | None,
        quirks: Quirks = Quirks(),  # noqa: B008 - frozen
        patience: Patience = Patience(),
    ) -> None:
        self._line = line
        self._endpoint = endpoint
        self._key = key
        self._quirks = quirks
        self._patience = patience

    @property
    def quirks(self) -> Quirks:
        """What is known now; more after a call than before it."""
        return self._quirks

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint that answered: the given one, or the same with `/v1` added (note code `note_v1_added`)."""
        return self._endpoint

    async def list_models(self) -> list[DiscoveredModel]:
        """Ask for the models; tries `/v1/models` once if the address has no `/v1` and does not answer.

        Raises EndpointFailure: `models_not_offered` if there is no list, or if it lists what is not deployed (Azure).
        """
        answer = await self._fetch_list(self._endpoint)
        failure = self._judge_list(answer)
        if failure is not None and failure.code in _NO_LIST and self._may_lack_v1():
            longer = self._endpoint.under(f"{self._endpoint.path}/v1")
            with contextlib.suppress(EndpointFailure):
                second = await self._fetch_list(longer)
                second_failure = self._judge_list(second)
                # A refused key under `/v1` says more than a 404 without it.
                if second_failure is None or second_failure.code not in _NO_LIST:
                    self._endpoint, answer, failure = longer, second, second_failure
        if failure is not None:
            raise failure
        if self._quirks.lists_base_models:
            raise EndpointFailure("models_not_offered")
        return read_model_list(read_json(answer.body))

    async def reply(self, request: ChatRequest) -> AsyncGenerator[Delta | End, None]:
        """Stream one reply. Deltas as they arrive, then End.

        Raises EndpointFailure before the first Delta for refusals; BrokenReply, after the Deltas that had arrived, for
        everything that goes wrong later (`cut_off`, `midstream_error`, `bad_stream`, `empty_answer`, `stalled` …).
        """
        endpoint, quirks = self._endpoint, self._quirks
        tried: set[str] = set()
        while True:
            outbound = self._prepare_chat(request, endpoint, quirks)
            async with self._line.stream(outbound) as incoming:
                body = b"" if _is_good(incoming) else await _read_error_body(incoming)
                if _is_good(incoming) and not _is_page(incoming):
                    self._learn(endpoint, quirks, asked_for_usage=request.stream)
                    async with contextlib.aclosing(_read_reply(incoming, request)) as items:
                        async for item in items:
                            yield item
                    return
                status, headers = incoming.status, incoming.headers
            adjusted = self._adjust(status, body, request, endpoint, quirks, tried)
            if adjusted is None:
                raise self._name_failure(status, headers, body, request.model)
            endpoint, quirks = adjusted

    def _adjust(
        self, status: int, body: bytes, request: ChatRequest, endpoint: Endpoint, quirks: Quirks, tried: set[str]
    ) -> tuple[Endpoint, Quirks] | None:
        """Give what to try instead, each thing once per reply; None if the refusal stands."""
        refused = find_refused_parameter(status, body)
        if refused in tried:
            return None
        if refused == "stream_options" and request.stream and quirks.stream_usage is not False:
            tried.add(refused)
            return endpoint, replace(quirks, stream_usage=False)
        if refused == "limit_field" and request.max_tokens is not None:
            tried.add(refused)
            is_old = quirks.limit_field == "max_tokens"
            return endpoint, replace(quirks, limit_field="max_completion_tokens" if is_old else "max_tokens")
        code = self._name_failure(status, {}, body, "").code
        is_elsewhere = status in _NOT_THERE and code in {"path_missing", "not_api"}
        if (is_elsewhere or status in _GOOD) and self._may_lack_v1() and "v1" not in tried:
            tried.add("v1")
            return endpoint.under(f"{endpoint.path}/v1"), quirks
        return None

    def _learn(self, endpoint: Endpoint, quirks: Quirks, *, asked_for_usage: bool) -> None:
        self._endpoint = endpoint
        if asked_for_usage and quirks.stream_usage is None:
            quirks = replace(quirks, stream_usage=True)
        self._quirks = quirks

    def _may_lack_v1(self) -> bool:
        return not self._quirks.azure_deployments and "v1" not in self._endpoint.path.split("/")

    async def _fetch_list(self, endpoint: Endpoint) -> Answer:
        return await self._line.fetch(
            Outbound(
                method="GET",
                path=endpoint.path + self._quirks.models_path,
                query=self._query(),
                headers=self._headers("application/json"),
                first_byte_timeout_s=20,
                idle_timeout_s=20,
                total_timeout_s=40,
                max_body_bytes=_MAX_LIST_BYTES,
            )
        )

    def _judge_list(self, answer: Answer) -> EndpointFailure | None:
        if answer.status in _GOOD:
            document = read_json(answer.body)
            if isinstance(document, dict) and document.get("error"):
                return classify_event(document, has_key=self._key is not None)
            try:
                read_model_list(document)
            except EndpointFailure as not_a_list:
                return not_a_list
            return None
        failure = self._name_failure(answer.status, answer.headers, answer.body, "")
        if answer.status in _NOT_THERE and failure.code not in {"not_api", "key_missing", "bad_key"}:
            return EndpointFailure("models_not_offered")
        return failure

    def _name_failure(self, status: int, headers: Mapping[str, str], body: bytes, model: str) -> EndpointFailure:
        now = dt.datetime.now(dt.UTC)
        return classify_answer(status, headers, body, model=model, has_key=self._key is not None, now=now)

    def _query(self) -> Mapping[str, str]:
        return {"api-version": self._quirks.api_version} if self._quirks.api_version else {}

    def _headers(self, accept: str) -> Mapping[str, Secret | str]:
        headers: dict[str, Secret | str] = {"accept": accept}
        if self._key is not None and self._quirks.auth == "api_key":
            headers["api-key"] = self._key
        elif self._key is not None:
            headers["authorization"] = self._key
        return headers

    def _prepare_chat(self, request: ChatRequest, endpoint: Endpoint, quirks: Quirks) -> Outbound:
        body: dict[str, object] = {"model": request.model, "messages": shape_turns(request.turns)}
        if request.stream:
            body["stream"] = True
            if quirks.stream_usage is not False:
                body["stream_options"] = {"include_usage": True}
        if request.max_tokens is not None:
            body[quirks.limit_field] = request.max_tokens
        deployment = f"/deployments/{quote(request.model, safe='')}" if quirks.azure_deployments else ""
        return Outbound(
            method="POST",
            path=f"{endpoint.path}{deployment}/chat/completions",
            query=self._query(),
            headers=self._headers("text/event-stream, application/json" if request.stream else "application/json"),
            body=orjson.dumps(body),
            first_byte_timeout_s=self._patience.first_byte_timeout_s,
            idle_timeout_s=self._patience.idle_timeout_s,
            total_timeout_s=self._patience.total_timeout_s,
            max_body_bytes=_MAX_STREAM_BYTES,
        )


def shape_turns(turns: Sequence[Turn]) -> list[dict[str, str]]:
    """Shape the history so that strict endpoints take it: one system message first, no empty turns, roles alternate."""
    shaped: list[dict[str, str]] = []
    for turn in sorted((turn for turn in turns if turn.text.strip()), key=lambda turn: turn.role != "system"):
        text = repair_surrogates(turn.text)
        if shaped and shaped[-1]["role"] == turn.role:
            shaped[-1]["content"] += f"\n\n{text}"
        else:
            shaped.append({"role": turn.role, "content": text})
    return shaped


def _is_good(incoming: Incoming) -> bool:
    return incoming.status in _GOOD


def _is_page(incoming: Incoming) -> bool:
    return "html" in incoming.headers.get("content-type", "")


async def _read_error_body(incoming: Incoming) -> bytes:
    """Read as much of a refusal as its class needs; an endpoint that dawdles over it is not waited for."""
    body = b""
    with contextlib.suppress(EndpointFailure, TimeoutError):
        async with asyncio.timeout(_ERROR_BODY_TIMEOUT_S):
            while len(body) < MAX_ERROR_BODY_BYTES and (data := await incoming.read()):
                body += data
    return body


async def _read_reply(incoming: Incoming, request: ChatRequest) -> AsyncGenerator[Delta | End, None]:
    reader = CompletionReader(request.model)
    data = await _read_beginning(incoming)
    start = data.lstrip(_PADDING)[:1]
    if start in {b"{", b"[", b"<"} and "event-stream" not in incoming.headers.get("content-type", ""):
        if start == b"<":
            raise EndpointFailure("not_api")
        delta = reader.feed_document(await _read_document(incoming, data))
        if delta is not None:
            yield delta
        yield reader.end()
        return
    async with contextlib.aclosing(_read_events(incoming, reader, data)) as deltas:
        async for delta in deltas:
            yield delta
    if reader.is_done:
        await _drain(incoming)
    yield reader.end()


async def _read_events(incoming: Incoming, reader: CompletionReader, data: bytes) -> AsyncGenerator[Delta, None]:
    """Feed the reader until it has enough or nothing more comes."""
    broken: EndpointFailure | None = None
    while data and reader.wants_more():
        delta = reader.feed(data)
        if delta is not None:
            yield delta
        if not reader.wants_more():
            break
        try:
            data = await incoming.read()
        except EndpointFailure as failure:
            broken = failure
            break
    delta = reader.finish()
    if delta is not None:
        yield delta
    if broken is not None and reader.failure is None and not reader.is_complete:
        was_cut = broken.code == "connection_lost" and reader.has_begun
        raise reader.break_off(EndpointFailure("cut_off") if was_cut else broken) from broken


async def _read_beginning(incoming: Incoming) -> bytes:
    """Read until something other than white space is there: what it starts with tells what it is."""
    data = await incoming.read()
    while data and len(data) < _MAX_PADDING_BYTES and not data.strip(_PADDING):
        more = await incoming.read()
        if not more:
            break
        data += more
    return data


async def _read_document(incoming: Incoming, data: bytes) -> object:
    pieces, size = [data], len(data)
    while piece := await incoming.read():
        pieces.append(piece)
        size += len(piece)
        if size > _MAX_DOCUMENT_BYTES:
            raise EndpointFailure("answer_too_large", limit_mib=_MAX_DOCUMENT_BYTES // 1024**2)
    return read_json(b"".join(pieces))


async def _drain(incoming: Incoming) -> None:
    """Read the end that follows `[DONE]`, so that the connection can be used again; not worth a wait."""
    with contextlib.suppress(EndpointFailure, TimeoutError):
        async with asyncio.timeout(_DRAIN_TIMEOUT_S):
            while await incoming.read():
                pass
