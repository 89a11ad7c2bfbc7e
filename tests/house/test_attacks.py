"""The figures of docs/attacks.md are those of the table of attacks, and its rows can be told apart."""

import re

from tests.egress.attacks import ACCEPTED, DNS, NEAR_MISSES, OWN, REFUSED, SERVERS, URLS
from tests.fuzz import corpus
from tests.support.codebase import ROOT

LEAST = 250


def test_the_document_states_how_many_rows_there_are() -> None:
    stated = dict(
        re.findall(
            r"^\| ([a-z A-Z]+) \| (\d+) \|", (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    counted = {
        "hostile URLs": len(REFUSED) + len(OWN),
        "near misses": len(NEAR_MISSES),
        "DNS answers": len(DNS),
        "servers": len(SERVERS),
        "together": len(URLS) + len(DNS) + len(SERVERS),
    }
    assert {name: int(stated[name]) for name in counted} == counted
    assert counted["together"] >= LEAST


def test_every_row_has_a_number_and_an_attack_of_its_own() -> None:
    ids = [*(row.id for row in URLS), *(row.id for row in DNS), *(row.id for row in SERVERS)]
    assert [one for one in ids if ids.count(one) > 1] == []
    assert [one for one in ids if not re.fullmatch(r"[UDS]\d{3}", one)] == []
    texts = [row.text for row in URLS]
    assert [text for text in texts if texts.count(text) > 1] == []
    answers = [(row.answer, row.host, row.excepted) for row in DNS]
    assert [answer for answer in answers if answers.count(answer) > 1] == []


def test_a_url_is_either_refused_or_has_its_form() -> None:
    assert [row.id for row in URLS if (row.verdict == ACCEPTED) is not bool(row.becomes)] == []
    assert all(row.before_dns for row in (*REFUSED, *OWN))
    assert not any(row.before_dns for row in NEAR_MISSES)


def test_the_document_states_how_large_the_corpus_is() -> None:
    text = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
    merged = re.search(r"(\d+) after merging; one more is kept", text)
    assert merged is not None
    assert int(merged[1]) + 1 == len(corpus.read())
