"""Chat completions as OpenAI defined them and as everybody else means them; own code, no SDK (ADR 0004).

Never retries after the first byte of an answer, and before it only to leave out or rename a field that the endpoint
named as the reason for its refusal, or to add a missing `/v1`. What a retry taught stays in `quirks` and `endpoint`.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from moorage.egress.door import Answer, Outbound
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.completions import CompletionReader
from moorage.providers.discovery import read_model_list
from moorage.providers.failures import Refused, classify_event, find_refused_parameter, read_json
from moorage.providers.protocol import Attached, ChatRequest, DiscoveredModel, Quirks
from moorage.providers.speaking import (
    GOOD,
    Refusal,
    ShapedTurn,
    Speaker,
    Way,
    accept_of,
    base64_of,
    fold_system,
    shape_turns,
)
from moorage.vault.secret import Secret

_NO_LIST: Final = frozenset({"models_not_offered", "not_api"})
_NOT_THERE: Final = frozenset({404, 405})


class OpenAICompatible(Speaker):
    """One endpoint that speaks chat completions: vLLM, LiteLLM, Azure OpenAI, Mistral, llama.cpp, Ollama's `/v1`."""

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
        named = self._read_list(read_json(answer.body))
        told = [replace(one, name=one.id) if self._veil.hides(one.name) else one for one in named]
        return [one for one in told if not self._veil.hides(one.id)]

    async def look_in(self) -> None:
        """Ask what is free and tells whether it answers and takes the key: the list. Raises as `list_models`."""
        await OpenAICompatible.list_models(self)

    def _read_list(self, document: object) -> list[DiscoveredModel]:
        """Read a list. Raises EndpointFailure("not_api") if it is none."""
        return read_model_list(document)

    def _adjust(self, refusal: Refusal, request: ChatRequest, way: Way, tried: set[str]) -> Way | None:
        endpoint, quirks = way
        without = _leave_out(find_refused_parameter(refusal.status, refusal.body), request, quirks, tried)
        if without is not None:
            return Way(endpoint, without)
        code = self._name_failure(refusal.status, {}, refusal.body, "").code
        is_elsewhere = refusal.status in _NOT_THERE and code in {"path_missing", "not_api"}
        if (is_elsewhere or refusal.status in GOOD) and self._may_lack_v1() and "v1" not in tried:
            tried.add("v1")
            return Way(endpoint.under(f"{endpoint.path}/v1"), quirks)
        return None

    def _learn(self, way: Way, request: ChatRequest) -> None:
        self._endpoint, quirks = way
        if _streams(request, quirks) and quirks.stream_usage is None:
            quirks = replace(quirks, stream_usage=True)
        self._quirks = quirks

    def _may_lack_v1(self) -> bool:
        return not self._quirks.azure_deployments and "v1" not in self._endpoint.path.split("/")

    async def _fetch_list(self, endpoint: Endpoint) -> Answer:
        path = endpoint.path + self._quirks.models_path
        return await self._line.fetch(self._ask_for_list(path, self._query(), self._headers("application/json")))

    def _judge_list(self, answer: Answer) -> EndpointFailure | None:
        if answer.status in GOOD:
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

    def _query(self) -> Mapping[str, str]:
        return {"api-version": self._quirks.api_version} if self._quirks.api_version else {}

    def _headers(self, accept: str) -> Mapping[str, Secret | str]:
        headers: dict[str, Secret | str] = {"accept": accept}
        if self._key is not None and self._quirks.auth == "api_key":
            headers["api-key"] = self._key
        elif self._key is not None:
            headers["authorization"] = self._key
        return headers

    def _prepare_chat(self, request: ChatRequest, way: Way) -> Outbound:
        endpoint, quirks = way
        request = replace(request, stream=_streams(request, quirks))
        deployment = f"/deployments/{quote(request.model, safe='')}" if quirks.azure_deployments else ""
        path = f"{endpoint.path}{deployment}/chat/completions"
        return self._ask_for_words(path, self._query(), self._headers(accept_of(request)), self._body(request, quirks))

    def _body(self, request: ChatRequest, quirks: Quirks) -> dict[str, object]:
        turns = shape_turns(request.turns) if quirks.takes_system else fold_system(request.turns)
        messages = [{"role": turn.role, "content": _content_of(turn)} for turn in turns]
        body: dict[str, object] = {"model": request.model, "messages": messages}
        if request.stream:
            body["stream"] = True
            if quirks.stream_usage is not False:
                body["stream_options"] = {"include_usage": True}
        if request.max_tokens is not None and quirks.limit_field != "none":
            body[quirks.limit_field] = request.max_tokens
        return body

    def _reader(self, request: ChatRequest) -> CompletionReader:
        return CompletionReader(request.model, self._veil.hides)


def _content_of(turn: ShapedTurn) -> str | list[dict[str, object]]:
    """Write a turn; one without attachments as a text, which is all that many servers take."""
    if not turn.attached:
        return turn.text
    parts = [_part_of(one) for one in turn.attached]
    return [*parts, {"type": "text", "text": turn.text}] if turn.text.strip() else parts


def _part_of(one: Attached) -> dict[str, object]:
    url = f"data:{one.media_type};base64,{base64_of(one)}"
    if one.kind == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": one.name, "file_data": url}}


def _leave_out(refused: Refused | None, request: ChatRequest, quirks: Quirks, tried: set[str]) -> Quirks | None:
    """Give the quirks of a request without what was refused; None if it held no such thing, or was tried already."""
    wish: dict[str, Any] = {}
    if refused == "stream_options" and _streams(request, quirks) and quirks.stream_usage is not False:
        wish = {"stream_usage": False}
    elif refused == "limit_field" and request.max_tokens is not None and quirks.limit_field != "none":
        # When neither name is taken, the endpoint's own limit has to do.
        other = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}[quirks.limit_field]
        wish = {"limit_field": "none" if refused in tried else other}
    elif refused == "system" and quirks.takes_system and any(turn.role == "system" for turn in request.turns):
        wish = {"takes_system": False}
    elif refused in {"stream", "no_stream"} and tried.isdisjoint({"stream", "no_stream"}):
        wish = {"streaming": "never" if refused == "stream" else "always"}
    if refused is not None:
        tried.add(refused)
    return replace(quirks, **wish) if wish else None


def _streams(request: ChatRequest, quirks: Quirks) -> bool:
    return {"any": request.stream, "always": True, "never": False}[quirks.streaming]
