"""Lets atheris look for inputs that break `target.check`; tools/fuzz.py starts it in an environment of its own.

Takes libFuzzer's options. `FUZZ_AGAIN` names a program that starts this again: a merge runs itself in pieces.
"""

import os
import sys

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore] # no fuzzer where the checks run

with atheris.instrument_imports(include=["moorage.egress", "idna"]):
    from tests.fuzz.target import check


def main() -> None:
    """Fuzz until the options say stop."""
    atheris.Setup([os.environ.get("FUZZ_AGAIN", sys.argv[0]), *sys.argv[1:]], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
