"""Refusals as real endpoints word them, each under its name; sentences for all of them in both languages."""

# ruff: noqa: E501 - recorded cases are easier to compare on one line

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from moorage.providers import failures
from moorage.providers.failure_rules import RULES
from moorage.providers.failures import classify_answer, classify_event, find_refused_parameter, read_retry_after

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
ROOT = Path(failures.__file__).parents[2]


def name(status: int, body: object, *, headers: dict[str, str] | None = None, has_key: bool = True) -> str:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return classify_answer(status, headers or {}, raw, model="m", has_key=has_key, now=NOW).code


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {"error": "Unauthorized"}, "bad_key"),  # vLLM
        (401, {"detail": "Unauthorized"}, "bad_key"),  # Mistral
        (401, {"error": {"code": "401", "message": "Access denied due to invalid subscription key"}}, "bad_key"),  # Azure
        (401, "", "bad_key"),
        (400, {"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}, "bad_key"),  # Google
        (400, {"error": {"type": "no_db_connection", "message": "No connected db."}}, "bad_key"),  # LiteLLM
        (401, {"error": {"message": "litellm.AuthenticationError: MistralException"}}, "gateway_key"),
        (402, {"error": {"message": "Insufficient Balance"}}, "quota_exhausted"),  # DeepSeek
        (429, {"error": {"code": "credit_balance_exhausted"}}, "quota_exhausted"),
        (429, {"error": {"code": "slow_down"}}, "rate_limited"),
        (429, "slow", "rate_limited"),
        (400, {"error": {"message": "Invalid model name passed in model=m"}}, "model_missing"),  # LiteLLM
        (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."}}, "model_missing"),
        (404, {"error": {"message": 'model "m" not found, try pulling it first'}}, "model_missing"),  # Ollama
        (404, {"error": {"message": "No endpoints found matching your data policy (Free model training).", "code": 404}}, "data_policy_unmet"),  # OpenRouter
        (404, {"object": "error", "message": "The model `m` does not exist.", "code": 404}, "model_missing"),  # vLLM
        (404, {"error": {"message": "This is not a chat model and thus not supported in the v1/chat/completions endpoint."}}, "not_chat_model"),
        (400, {"error": {"message": '"m" does not support chat'}}, "not_chat_model"),  # Ollama
        (400, {"error": {"message": "Input length (9000) exceeds model's maximum context length (8192)."}}, "context_too_long"),  # vLLM
        (400, {"error": {"type": "exceed_context_size_error", "message": "the request exceeds the available context size"}}, "context_too_long"),
        (413, {"error": {"message": "prompt is too long: 9 tokens"}}, "context_too_long"),
        (413, "<html><h1>413 Request Entity Too Large</h1></html>", "body_too_large"),  # nginx
        (400, {"error": {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, "content_filtered"),
        (400, {"error": {"code": "unsupported_parameter", "param": "seed"}}, "unsupported_parameter"),
        (422, {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"]}]}}, "unsupported_parameter"),
        (503, {"error": {"message": "Loading model", "type": "unavailable_error"}}, "model_loading"),  # llama.cpp
        (500, {"error": {"message": "the model is overloaded"}}, "overloaded"),
        (400, "<html><center>No required SSL certificate was sent</center>nginx</html>", "client_certificate_refused"),
        (400, "<html><center>The SSL certificate error</center>nginx</html>", "client_certificate_refused"),
        (403, "", "forbidden_unexplained"),  # Ollama with a foreign Host
        (403, {"error": {"message": "Country not supported"}}, "forbidden"),
        (403, "<html>403 Forbidden</html>", "forbidden"),
        (404, "<!DOCTYPE html><html></html>", "not_api"),
        (404, {"detail": "Not Found"}, "path_missing"),
        (405, "", "path_missing"),
        (530, "error code: 1033", "tunnel_down"),  # Cloudflare
        (502, "<html>Bad Gateway</html>", "upstream_failed"),
        (500, "Internal Server Error", "upstream_failed"),
        (418, "I'm a teapot", "request_refused"),
        (400, {"message": "no body", "request_id": "1"}, "request_refused"),
    ],
)  # fmt: skip
def test_a_refusal_gets_its_name(status: int, body: object, code: str) -> None:
    assert name(status, body) == code


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, ""), (401, {"error": "Unauthorized"}), (500, "No api key passed in."), (400, {"error": {"type": "no_db_connection"}})],
)  # fmt: skip
def test_without_a_key_a_refusal_asks_for_one(status: int, body: object) -> None:
    assert name(status, body, has_key=False) == "key_missing"


@pytest.mark.parametrize("body", ["", "<html></html>", "{", '{"a":' * 2000, "[[]]", "\x00\x7f"])
def test_every_status_has_a_name_whatever_the_body(body: str) -> None:
    known = {rule.code for rule in RULES}
    assert [status for status in range(400, 600) if name(status, body) not in known] == []


def test_no_word_of_the_endpoint_reaches_the_params() -> None:
    """P12: whatever it says, a key of somebody else included."""
    for rule in RULES:
        for status in rule.statuses or {400}:
            said = "LEAK sk-4711 " + (re.sub(r"[\\()?]|\.\{.*?\}", "", rule.pattern.pattern) if rule.pattern else "")
            body = json.dumps({"error": {"message": said, "param": said, "code": said}}).encode()
            headers = {"retry-after": said, "content-type": said}
            failure = classify_answer(status, headers, body, model="m", has_key=True, now=NOW)
            assert "LEAK" not in f"{failure} {failure!r} {dict(failure.params)}"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "1.2"}, 2),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 2),
        ({"retry-after": "Mon, 23 Nov 2026 12:01:00 GMT"}, 60),
        ({"retry-after": "Mon, 23 Nov 2020 12:01:00 GMT"}, 1),
        ({"retry-after": "999999999"}, 86400),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_the_wait_that_an_endpoint_asks_for_is_read(headers: dict[str, str], seconds: int | None) -> None:
    assert read_retry_after(headers, now=NOW) == seconds


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"error": {"code": 429, "message": "x"}}, "rate_limited"),
        ({"error": {"code": 502, "message": "Provider returned error", "metadata": {"error_type": "provider_overloaded"}}}, "overloaded"),
        ({"error": {"code": "context_length_exceeded"}}, "context_too_long"),
        ({"type": "error", "error": {"type": "overloaded_error"}}, "overloaded"),
        ({"error": {"code": "500", "message": "CUDA"}}, "midstream_error"),
        ({"error": {"code": 404}}, "midstream_error"),
        ({"error": "boom"}, "midstream_error"),
        ("boom", "midstream_error"),
        (None, "midstream_error"),
    ],
)  # fmt: skip
def test_an_error_inside_a_stream_gets_its_name(error: object, code: str) -> None:
    assert classify_event(error, model="m").code == code


@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [
        (422, '{"detail":[{"loc":["body","stream_options","include_usage"]}]}', "stream_options"),
        (400, "Unknown parameter: 'stream_options'.", "stream_options"),
        (400, '{"error":{"message":"Unsupported parameter: \'max_tokens\' is not supported","code":"unsupported_parameter"}}', "limit_field"),
        (422, '{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"]}]}', "limit_field"),
        (400, '{"error":{"message":"max_tokens is too large: 90000"}}', None),
        (500, "stream_options", None),
        (400, "", None),
    ],
)  # fmt: skip
def test_a_field_that_can_be_left_out_is_recognised(status: int, body: str, refused: str | None) -> None:
    assert find_refused_parameter(status, body.encode()) == refused


def _codes_in_code() -> set[str]:
    source = "".join(path.read_text() for path in (ROOT / "moorage/providers").glob("*.py"))
    return set(re.findall(r'(?:Rule|EndpointFailure)\(\s*"([a-z_]+)"', source))


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_class_has_a_sentence_that_its_params_fill(language: str) -> None:
    sentences: dict[str, str] = {}
    for path in (ROOT / f"moorage/locales/{language}").glob("*.json"):
        sentences |= json.loads(path.read_text())
    allowed: dict[str, set[str]] = {code: set() for code in _codes_in_code()}
    for rule in RULES:
        allowed[rule.code] |= set(rule.params)
    allowed["empty_answer"] = allowed["declined"] = {"model"}
    allowed["answer_too_large"] = {"limit_mib"}
    for code, params in allowed.items():
        assert set(re.findall(r"\{(\w+)\}", sentences[code])) <= params, code
