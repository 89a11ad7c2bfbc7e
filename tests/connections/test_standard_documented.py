"""docs/standard-models.md: its example is a catalogue that can be read, and its tables are the code's."""

import re
from pathlib import Path

from moorage.connections.catalogue import Catalogue
from moorage.vault.secret import Secret
from tests.support.codebase import ROOT

PAGE = (ROOT / "docs/standard-models.md").read_text(encoding="utf-8")


def test_the_example_is_a_catalogue_that_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.toml"
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file.write_text(example)
    keys = {name: Secret("sk-0123456789") for name in ("open", "anthropic", "mistral")}
    providers = Catalogue.load(file, keys).providers
    assert {name: len(one.models) for name, one in providers.items()} == {"anthropic": 2, "mistral": 3, "open": 2}


def test_the_addresses_are_those_of_the_built_in_list() -> None:
    keys = {name: Secret("sk-0123456789") for name in ("openai", "anthropic", "google", "mistral", "open")}
    listed = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| `(https://[^`]+)` \|", PAGE, re.MULTILINE))
    assert listed == {name: one.base_url for name, one in Catalogue.load(None, keys).providers.items()}
