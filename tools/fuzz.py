"""Fuzzes the URL parser, the policy and the reader of exceptions with atheris, and keeps what taught it something.

    python tools/fuzz.py [MINUTES]

takes ten minutes of one core if not told otherwise. Starts from tests/fuzz/corpus.txt; when nothing broke, writes the
smallest set of inputs that reaches as much back there. atheris lives in an environment of its own, .cache/fuzz.
"""

import os
import shlex
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".cache" / "fuzz"
PYTHON = FOLDER / "environment" / "bin" / "python"
PACKAGES = ("atheris", "idna", "yarl")
LONGEST_INPUT = 2100
MINUTES = 10.0
READ = "from tests.fuzz import corpus; corpus.unpack({folder!r})"
KEEP = "from tests.fuzz import corpus; corpus.pack({folder!r})"


def main() -> int:
    """Fuzz; give the exit status, which is not 0 when an input broke a promise."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    if not PYTHON.exists() or run(PYTHON, "-c", "import atheris, idna, yarl") != 0:
        venv.create(FOLDER / "environment", with_pip=True, clear=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    again = FOLDER / "again"
    again.write_text(f'#!/bin/sh\nexec {shlex.quote(str(PYTHON))} -m tests.fuzz.drive "$@"\n')
    again.chmod(0o755)
    found, kept = FOLDER / "found", FOLDER / "kept"
    for folder in (found, kept):
        folder.mkdir(exist_ok=True)
        for file in folder.iterdir():
            file.unlink()
    run(PYTHON, "-c", READ.format(folder=str(found)))
    bounds = (f"-max_total_time={round(minutes * 60)}", f"-max_len={LONGEST_INPUT}", f"-artifact_prefix={FOLDER}/")
    status = run(again, *bounds, "-print_final_stats=1", found)
    if status == 0:
        status = run(again, "-merge=1", kept, found)
    return status or run(PYTHON, "-c", KEEP.format(folder=str(kept)))


def run(*command: str | Path) -> int:
    """Run in the checkout; give the exit status."""
    environment = {**os.environ, "FUZZ_AGAIN": str(FOLDER / "again")}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
