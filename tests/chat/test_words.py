"""What is typed is folded in the same way as what was written, and nothing that is typed is an error."""

import tracemalloc
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.chat.words import MAX_ASKED_WORDS, forms_of, has_phrases, mark, read_query, snippet_of, words_of


def marked(text: str, typed: str) -> list[str]:
    return [piece.text for piece in mark(text, read_query(typed)) if piece.marked]


@pytest.mark.parametrize(
    ("text", "typed", "found"),
    [
        ("Herr Müller rief an", "müller", ["Müller"]),
        ("Herr Müller rief an", "MUELLER", ["Müller"]),
        ("Herr Müller rief an", "muller", ["Müller"]),
        ("Herr Mueller rief an", "Müller", ["Mueller"]),
        ("Herr Mu\u0308ller rief an", "müller", ["Mu\u0308ller"]),
        ("die Straße entlang", "strasse", ["Straße"]),
        ("die STRASSE entlang", "straße", ["STRASSE"]),
        ("Ein Café in Łódź", "cafe lodz", ["Café", "Łódź"]),
        ("Vertragsentwurf", "vertrag", ["Vertragsentwurf"]),
        ("Vertragsentwurf", "entwurf", []),
        ("does a blue queue", "dos blu", ["blue"]),
        ("a b ab", "a", ["a"]),
        ("file_name.py", "name", ["name"]),
        ("привет, мир", "ПРИВ", ["привет"]),
        ("Haus Hausboot", '"haus"', ["Haus"]),
    ],
)
def test_a_word_is_found_however_it_is_spelt_by_its_beginning(text: str, typed: str, found: list[str]) -> None:
    assert marked(text, typed) == found


@pytest.mark.parametrize("quoted", ['"guten Tag"', "„Guten Tag“", "«guten tag»", "“GUTEN tag”"])
def test_words_in_quotes_follow_each_other(quoted: str) -> None:
    query = read_query(quoted)
    assert has_phrases("Ich sage: guten, Tag!", query)
    assert not has_phrases("Einen guten schönen Tag", query)
    assert not has_phrases("Guten Tagen", query)


def test_a_quote_without_another_is_no_quote() -> None:
    assert read_query('5" guten').phrases == ()
    assert [word.is_whole for word in read_query('ab "guten').words] == [False, False]


def test_a_snippet_is_one_short_line_around_the_hit() -> None:
    text = "word " * 200 + "\n\nneedle\n" + "rest " * 200
    pieces = snippet_of(text, read_query("needle"))
    shown = "".join(piece.text for piece in pieces)
    assert [piece.text for piece in pieces if piece.marked] == ["needle"]
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) < 170
    assert "\n" not in shown


def test_a_snippet_shows_where_the_phrase_stands_not_its_first_word() -> None:
    text = "good " + "x " * 200 + "good morning"
    assert "good morning" in "".join(piece.text for piece in snippet_of(text, read_query('"good morning"')))


@given(st.text(max_size=300))
def test_nothing_that_is_typed_is_an_error_and_marking_loses_no_letter(text: str) -> None:
    query = read_query(text)
    assert len(query.words) <= MAX_ASKED_WORDS
    assert "".join(piece.text for piece in mark(text, query)) == text
    snippet_of(text, query)
    for word in query.words:
        assert all(spelling.isalnum() for spelling in word.spellings)


@given(st.text(max_size=300))
def test_every_word_of_a_text_is_found_by_itself(text: str) -> None:
    known = set(words_of(text))
    for word in read_query(text).words:
        assert known & set(word.spellings)


def test_what_is_no_letter_leaves_nothing() -> None:
    assert words_of("@' \" * : | & ! ( ) <-> \\ 🚢 _") == []
    assert forms_of("x" * 500) == ("x" * 64,)


def test_a_text_that_unfolds_without_end_is_not_worked_through_to_its_end() -> None:
    """A hostile model or person may write it: one letter of Unicode unfolds into eighteen."""
    text = "\ufdfa" * 400_000
    tracemalloc.start()
    try:
        assert [len(word) for word in words_of(text)] == [64]
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 8 * len(text)


def test_a_word_in_more_spellings_than_a_text_has_words_does_not_hold_everybody_up() -> None:
    spellings = map("".join, product(*((letter, letter.upper()) for letter in "abcdefghijklmnopq")))
    assert words_of(" ".join(["first", *spellings, "last"])) == ["first", "abcdefghijklmnopq"]


def test_a_decomposed_word_of_full_length_is_the_same_word() -> None:
    assert forms_of("u\u0308" * 64) == forms_of("ü" * 64)
