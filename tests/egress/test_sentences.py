"""Every code that the door can raise has a sentence in both languages, with the same places to fill."""

import json
import re
from pathlib import Path

import moorage.egress

ROOM = Path(moorage.egress.__file__).parent
LOCALES = ROOM.parent / "locales"


# Which the door raises itself; the others of mail are told by whoever sends it.
OF_MAIL = {"mail_url_invalid", "mail_deferred"}


def sentences(language: str) -> dict[str, str]:
    loaded: dict[str, str] = json.loads((LOCALES / language / "egress.json").read_text("utf-8"))
    mail: dict[str, str] = json.loads((LOCALES / language / "mail.json").read_text("utf-8"))
    return loaded | {code: mail[code] for code in OF_MAIL}


def test_every_code_has_its_sentence_and_no_sentence_is_left_over() -> None:
    source = "".join(path.read_text("utf-8") for path in ROOM.glob("*.py"))
    raised = set(re.findall(r'(?:EndpointFailure|AddressRefused|Invalid|Unavailable|_refuse)\(\s*"([a-z_]+)"', source))
    raised |= {"first_byte_timeout", "stalled", "url_invalid", "url_not_https"}  # chosen by an expression
    assert raised == set(sentences("en")) == set(sentences("de"))


def test_both_languages_fill_the_same_places() -> None:
    german = sentences("de")
    for code, english in sentences("en").items():
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", german[code])), code
        assert "!" not in english + german[code], code
