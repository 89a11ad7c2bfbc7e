"""What people paste becomes an address that works; what is not understood is left for the strict parser to name."""

# ruff: noqa: E501 - recorded cases are easier to compare on one line

import pytest

from moorage.egress.urls import parse_base_url
from moorage.errors import AddressRefused
from moorage.providers.addresses import read_pasted_url
from moorage.providers.protocol import Quirks


@pytest.mark.parametrize(
    ("pasted", "base_url", "notes"),
    [
        ("https://llm.example.com/v1", "https://llm.example.com/v1", ()),
        ("  https://llm.example.com/v1/ \n", "https://llm.example.com/v1", ()),
        ("https://llm.example.com", "https://llm.example.com", ()),
        ("https://llm.example.com/", "https://llm.example.com", ()),
        ("https://llm.example.com/v1?", "https://llm.example.com/v1", ()),
        ("https://llm.example.com/v1/chat/completions", "https://llm.example.com/v1", ("path_trimmed",)),
        ("https://llm.example.com/v1/chat/completions/", "https://llm.example.com/v1", ("path_trimmed",)),
        ("https://llm.example.com/v1/completions", "https://llm.example.com/v1", ("path_trimmed",)),
        ("https://llm.example.com/v1/models", "https://llm.example.com/v1", ("path_trimmed",)),
        ("https://llm.example.com/v1/responses", "https://llm.example.com/v1", ("path_trimmed",)),
        ("https://llm.example.com/v1/v1", "https://llm.example.com/v1", ("v1_folded",)),
        ("https://llm.example.com/v1/v1/v1/models", "https://llm.example.com/v1", ("path_trimmed", "v1_folded")),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1", ()),
        ("https://llm.example.com/my-models", "https://llm.example.com/my-models", ()),
    ],
)
def test_known_endings_are_cut_off(pasted: str, base_url: str, notes: tuple[str, ...]) -> None:
    read = read_pasted_url(pasted)
    assert (read.base_url, read.notes, read.quirks) == (base_url, notes, Quirks())
    assert parse_base_url(read.base_url).url == base_url


@pytest.mark.parametrize(
    ("pasted", "path"),
    [
        ("https://acme.openai.azure.com", "/openai/v1"),
        ("https://acme.openai.azure.com/openai", "/openai/v1"),
        ("https://acme.openai.azure.com/openai/v1/", "/openai/v1"),
        ("https://ACME.OpenAI.Azure.com/openai/v1/chat/completions", "/openai/v1"),
        ("https://acme.services.ai.azure.com/openai/v1", "/openai/v1"),
        ("https://acme.cognitiveservices.azure.com:443/", "/openai/v1"),
    ],
)
def test_azure_is_recognised_in_its_present_style(pasted: str, path: str) -> None:
    read = read_pasted_url(pasted)
    assert parse_base_url(read.base_url).path == path
    assert read.quirks == Quirks(auth="api_key", lists_base_models=True)
    assert read.notes[0] == "azure_recognised"


@pytest.mark.parametrize(
    ("pasted", "version", "model"),
    [
        ("https://acme.openai.azure.com/openai/deployments/gpt-55/chat/completions?api-version=2025-01-01-preview", "2025-01-01-preview", "gpt-55"),
        ("https://acme.openai.azure.com/openai/deployments/gpt-55", "2024-10-21", "gpt-55"),
        ("https://acme.openai.azure.com/openai/deployments", "2024-10-21", None),
        ("https://acme.openai.azure.com/openai?api-version=2024-06-01", "2024-06-01", None),
        ("https://gateway.example.com/openai/deployments/gpt-55?api-version=2024-06-01", "2024-06-01", "gpt-55"),
    ],
)  # fmt: skip
def test_azure_is_recognised_in_its_older_style(pasted: str, version: str, model: str | None) -> None:
    read = read_pasted_url(pasted)
    assert parse_base_url(read.base_url).path == "/openai"
    assert read.quirks.azure_deployments
    assert (read.quirks.auth, read.quirks.api_version, read.model_hint) == ("api_key", version, model)


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("http://llm.example.com/v1/models", "url_not_https"),
        ("http://localhost:11434", "url_local"),
        ("llm.example.com/v1", "url_not_https"),
        ("", "url_not_https"),
        ("https://llm.example.com/v1?key=sk-1", "url_query"),
        ("https://llm.example.com/v1?api-version=1", "url_query"),
        ("https://acme.openai.azure.com/openai/v1?api-version=1&key=sk-1", "url_query"),
        ("https://llm.example.com/v1/models#top", "url_fragment"),
        ("https://sk-1@llm.example.com/v1/models", "url_userinfo"),
        ("https://evil.example\\@openai.azure.com/openai", "url_invalid"),
        ("https://llm.exa mple.com/v1", "url_invalid"),
        ("https://", "url_host"),
    ],
)
def test_what_is_wrong_stays_wrong(pasted: str, code: str) -> None:
    """P11: nothing that the strict parser refuses is made acceptable on the way to it."""
    with pytest.raises(AddressRefused, match=code):
        parse_base_url(read_pasted_url(pasted).base_url)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        {"auth": "digest", "stream_usage": "yes", "limit_field": 3, "models_path": None},
        {"added_later": True},
    ],
)
def test_quirks_of_another_version_are_read_as_the_defaults(stored: dict[str, object] | None) -> None:
    assert Quirks.from_json(stored) == Quirks()


def test_quirks_survive_being_stored() -> None:
    quirks = Quirks("api_key", False, "max_completion_tokens", True, "2024-10-21", "/deployments", True)
    assert Quirks.from_json(quirks.to_json()) == quirks
