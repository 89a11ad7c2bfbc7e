"""The shipped rules of the second wall, loaded into a namespace as a site loads them, and what their counters say."""

import re
import subprocess
from dataclasses import dataclass
from typing import Final

import pytest

from tests.network.namespaces import Namespace
from tests.support.codebase import ROOT
from tests.support.programs import find_program

RULES: Final = ROOT / "deploy" / "egress.nft"
TABLE: Final = "inet moorage_egress"
PATIENCE_S: Final = 30


@dataclass(frozen=True, slots=True)
class Wall:
    """The kernel's packet filter in one namespace."""

    namespace: Namespace

    def build(self, *elements: str) -> None:
        """Load the rules, and add a site's elements in the same step: "users { 10001 }"."""
        added = [f"add element {TABLE} {element}" for element in elements]
        self.nft("-f", "-", text="\n".join([f'include "{RULES}"', *added, ""]))

    def tear_down(self) -> None:
        """Take every rule away."""
        self.nft("flush", "ruleset")

    def counted(self) -> dict[str, int]:
        """Give the counters that are not at zero, in packets."""
        told = self.nft("list", "counters", "table", *TABLE.split())
        counters = re.findall(r"counter (\w+) \{\s+packets (\d+)", told)
        assert counters, told
        return {name: int(packets) for name, packets in counters if int(packets)}

    def nft(self, *arguments: str, text: str = "") -> str:
        """Run `nft`; the test fails with what it said."""
        nft = str(find_program(["nft"], debian_package="nftables", also_in=["/usr/sbin", "/sbin"]))
        command = [*self.namespace.wrapper, nft, *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        if done.returncode != 0:
            pytest.fail(f"`nft {' '.join(arguments)}` said {done.stderr.strip()}", pytrace=False)
        return done.stdout
