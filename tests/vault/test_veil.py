"""A key that an endpoint says back as a name is noticed; an ordinary name is not."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.vault.secret import Secret
from moorage.vault.veil import Veil

KEY = "sk-proj-4f9Qz7LmN2xYb8Rt6Wc1"
KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=20, max_size=200)


@given(key=KEYS, before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_key_is_noticed_in_the_midst_of_a_name(key: str, before: str, after: str) -> None:
    veil = Veil(Secret(key))
    for form in (key, key.upper(), key.encode().hex()):
        assert veil.hides(before + form + after)


@given(key=KEYS, before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_a_key_is_noticed_in_base64_wherever_it_begins(key: str, before: bytes, after: bytes) -> None:
    whole = before + key.encode() + after
    assert Veil(Secret(key)).hides(base64.b64encode(whole).decode())
    assert Veil(Secret(key)).hides(base64.urlsafe_b64encode(whole).decode())


@given(key=KEYS, data=st.data())
def test_fifteen_characters_in_a_row_are_enough(key: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(key) - 15))
    assert Veil(Secret(key)).hides(f"model {key[start : start + 15]}")


@pytest.mark.parametrize("label", ["gpt-5", "meta-llama/Llama-3.1-8B-Instruct", "sk-proj", "", None, 7, ["x"]])
def test_an_ordinary_name_stays(label: object) -> None:
    assert not Veil(Secret(KEY), ["llm.kanzlei.example"]).hides(label)


def test_a_word_that_stands_for_a_key_hides_nothing() -> None:
    """Many own servers want some key, and people write `ollama`."""
    assert not Veil(Secret("ollama")).hides("ollama/qwen3")
    assert not Veil(None).hides("anything")


def test_a_host_is_noticed_in_any_case() -> None:
    assert Veil(None, ["llm.kanzlei.example"]).hides("vLLM at LLM.Kanzlei.Example:8443")


def test_it_prints_nothing() -> None:
    assert repr(Veil(Secret(KEY), ["llm.kanzlei.example"])) == "Veil(•••)"
