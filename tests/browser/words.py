"""The words of the pages, read from their own catalogues: a journey is written once and played in both languages."""

import json
import re
from pathlib import Path

CATALOGUES = Path(__file__).parents[2] / "web" / "src" / "i18n" / "locales"


class Words:
    """Gives a text of the pages in one language: `words("chat.composer.send")`, placeholders by keyword."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = {
            f"{file.stem}.{key}": text
            for file in (CATALOGUES / language).glob("*.json")
            for key, text in json.loads(file.read_text(encoding="utf-8")).items()
        }

    def __call__(self, key: str, **values: str | int) -> str:
        """Give a text with its placeholders filled."""
        return re.sub(r"{{(\w+)}}", lambda match: str(values[match[1]]), self._texts[key])

    def pattern(self, key: str) -> re.Pattern[str]:
        """Give a pattern that matches a text whatever its placeholders hold."""
        parts = re.split(r"{{\w+}}", self._texts[key])
        return re.compile(".*".join(re.escape(part) for part in parts))
