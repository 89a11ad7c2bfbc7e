"""Google's Gemini API: candidates and parts, usage in any event, no `[DONE]`; own code, no SDK (ADR 0019).

A stream is complete with a finish reason. A prompt that was blocked has none: it says why beside the candidates.
Signatures of thoughts are never kept or sent back: they are wanted for tool calls only.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote

import orjson

from moorage.egress.door import Line, Outbound
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.discovery import MAX_ID_CHARS, read_length
from moorage.providers.failures import find_refused_wish
from moorage.providers.listing import Listing, ListPage
from moorage.providers.protocol import ChatRequest, DiscoveredModel, ModelFacts, Quirks, Usage
from moorage.providers.reader import Hides, ReplyReader, below, hides_nothing, read_count
from moorage.providers.speaking import Patience, Refusal, ShapedTurn, Way, accept_of, base64_of, part_system
from moorage.providers.text import clean_label
from moorage.vault.secret import Secret

_PAGE_MODELS: Final = 1000
_MAX_TOKEN_CHARS: Final = 2000
_NOT_FINISHED: Final = "FINISH_REASON_UNSPECIFIED"
_ORDINARY: Final = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId", "createTime"})


class CandidateReader(ReplyReader):
    """Reads the events of one generation."""

    def __init__(self, model: str, hides: Hides = hides_nothing) -> None:
        super().__init__(model, hides)
        self._usage: Mapping[str, object] = {}
        self._is_blocked = False
        self._calls = 0

    @property
    def usage(self) -> Usage | None:
        """What has been reported by now; what was thought counts as written."""
        usage = self._usage
        tokens_in, said = read_count(usage.get("promptTokenCount")), read_count(usage.get("candidatesTokenCount"))
        thought = read_count(usage.get("thoughtsTokenCount"))
        if tokens_in is None and said is None and thought is None:
            return None
        # A count of nothing is left out. Only at the end it means none, before that it means: not known yet.
        is_over = self._is_blocked or self.finish_reason is not None
        tokens_out = (said or 0) + (thought or 0) if said is not None or thought is not None or is_over else None
        cached = read_count(usage.get("cachedContentTokenCount"))
        return Usage(tokens_in, tokens_out, cached=cached, reasoning=thought)

    def _read_payloads(self, payloads: list[bytes]) -> None:
        """The hot loop: an ordinary event has one candidate with one part that is text."""
        loads, add_text = orjson.loads, self._texts.append
        for payload in payloads:
            if not self.wants_more():
                return
            event, text = None, None
            try:
                event = loads(payload)
                (candidate,) = event["candidates"]
                (part,) = candidate["content"]["parts"]
                if (
                    len(part) == 1
                    and self._upstream_id is not None
                    and "finishReason" not in candidate
                    and "groundingMetadata" not in candidate
                    and not candidate.get("index")
                    and event.keys() <= _ORDINARY
                ):
                    text = part["text"]
            except (ValueError, KeyError, TypeError, AttributeError):
                text = None
            if type(text) is str and event is not None:
                add_text(text)
                self._usage = below(event, "usageMetadata") or self._usage
                self._uncounted_chunks += 1
            else:
                self._read_rare(payload, event)

    def _read_event(self, event: Mapping[str, object]) -> None:
        self._note_labels(event.get("modelVersion"), event.get("responseId"))
        self._usage = below(event, "usageMetadata") or self._usage
        candidates = event.get("candidates")
        for candidate in candidates if isinstance(candidates, list) else ():
            if isinstance(candidate, Mapping) and not candidate.get("index"):
                self._read_candidate(candidate)
        if event.get("error"):
            self._fail(event)
        elif below(event, "promptFeedback").get("blockReason") and self.failure is None:
            self._is_blocked = True
            self.failure = EndpointFailure("content_filtered")

    def _read_candidate(self, candidate: Mapping[str, object]) -> None:
        parts = below(candidate, "content").get("parts")
        for part in parts if isinstance(parts, list) else ():
            text = part.get("text") if isinstance(part, Mapping) else None
            if isinstance(text, str):
                (self._reasonings if part.get("thought") is True else self._texts).append(text)
            elif isinstance(part, Mapping) and part.get("functionCall"):
                self._read_call(below(part, "functionCall"))
        chunks = below(candidate, "groundingMetadata").get("groundingChunks")
        for chunk in chunks if isinstance(chunks, list) else ():
            page = below(chunk, "web")
            self._beside.cite(page.get("uri"), page.get("title"))
        cited = below(candidate, "citationMetadata")
        citations = cited.get("citationSources") or cited.get("citations")
        for citation in citations if isinstance(citations, list) else ():
            if isinstance(citation, Mapping):
                self._beside.cite(citation.get("uri"), citation.get("title"))
        if candidate.get("finishReason") != _NOT_FINISHED:
            self._note_finish(candidate.get("finishReason"))

    def _read_call(self, call: Mapping[str, object]) -> None:
        # A call comes whole.
        self._calls += 1
        self._chars += self._beside.call(self._calls, name=call.get("name"), arguments=call.get("args"))

    def _read_document(self, document: object) -> bool:
        # Without `alt=sse`, which a proxy may drop, a stream is one long list.
        events = document if isinstance(document, list) else [document]
        known = [event for event in events if isinstance(event, Mapping)]
        for event in known:
            self._events += 1
            self._uncounted_chunks += 1
            self._read_event(event)
        return any(event.keys() & {"candidates", "promptFeedback", "usageMetadata"} for event in known)


class Google(Listing):
    """Gemini, at its maker's or behind the same protocol."""

    def __init__(
        self,
        line: Line,
        endpoint: Endpoint,
        key: Secret | None,
        facts: ModelFacts = ModelFacts(),  # noqa: B008 - frozen
        quirks: Quirks = Quirks(),  # noqa: B008 - frozen
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(line, endpoint, key, quirks, patience)
        self._facts = facts

    def _headers(self, accept: str) -> Mapping[str, Secret | str]:
        headers: dict[str, Secret | str] = {"accept": accept}
        if self._key is not None:
            headers["x-goog-api-key"] = self._key
        return headers

    def _prepare_chat(self, request: ChatRequest, way: Way) -> Outbound:
        system, turns = part_system(request.turns)
        config: dict[str, object] = {}
        if request.max_tokens is not None:
            config["maxOutputTokens"] = request.max_tokens
        if way.quirks.takes_thinking and self._facts.thinking != "unset":
            shows = self._facts.thinking == "summarized"
            config["thinkingConfig"] = {"includeThoughts": True} if shows else {"thinkingBudget": 0}
        body: dict[str, object] = {
            "contents": [
                {"role": "user" if turn.role == "user" else "model", "parts": _parts_of(turn)} for turn in turns
            ]
        }
        if system:
            body["systemInstruction"] = {"parts": [{"text": system}]}
        if config:
            body["generationConfig"] = config
        method = "streamGenerateContent" if request.stream else "generateContent"
        path = f"{way.endpoint.path}/models/{quote(request.model, safe='')}:{method}"
        query = {"alt": "sse"} if request.stream else {}
        return self._ask_for_words(path, query, self._headers(accept_of(request)), body)

    def _reader(self, request: ChatRequest) -> CandidateReader:
        return CandidateReader(request.model, self._veil.hides)

    def _adjust(self, refusal: Refusal, request: ChatRequest, way: Way, tried: set[str]) -> Way | None:  # noqa: ARG002 - of every dialect
        has_wish = way.quirks.takes_thinking and self._facts.thinking != "unset"
        if has_wish and "thinking" not in tried and find_refused_wish(refusal.status, refusal.body):
            tried.add("thinking")
            return Way(way.endpoint, replace(way.quirks, takes_thinking=False))
        return None

    def _ask_for_page(self, after: str | None) -> Outbound:
        query = {"pageSize": str(_PAGE_MODELS)} | ({} if after is None else {"pageToken": after})
        return self._ask_for_list(f"{self._endpoint.path}/models", query, self._headers("application/json"))

    def _read_page(self, document: Mapping[str, object]) -> ListPage | None:
        entries = document.get("models")
        if not isinstance(entries, list):
            return None
        after = clean_label(document.get("nextPageToken"), max_chars=_MAX_TOKEN_CHARS)
        return ListPage([entry for entry in entries if isinstance(entry, Mapping)], after)

    def _read_model(self, entry: Mapping[str, object]) -> DiscoveredModel | None:
        stated = clean_label(entry.get("name"), max_chars=MAX_ID_CHARS)
        methods = entry.get("supportedGenerationMethods")
        if stated is None or not isinstance(methods, list) or "generateContent" not in methods:
            return None
        model_id = stated.removeprefix("models/")
        return DiscoveredModel(
            model_id,
            clean_label(entry.get("displayName"), max_chars=MAX_ID_CHARS) or model_id,
            read_length(entry.get("inputTokenLimit")),
            ("text",),
            max_output=read_length(entry.get("outputTokenLimit")),
        )


def _parts_of(turn: ShapedTurn) -> list[dict[str, object]]:
    parts: list[dict[str, object]] = [
        {"inlineData": {"mimeType": one.media_type, "data": base64_of(one)}} for one in turn.attached
    ]
    return [*parts, {"text": turn.text}] if turn.text.strip() else parts
