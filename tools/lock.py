"""Pins every dependency with hashes and without download addresses (`make lock`). See docs/dependencies.md."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PREPARE = [sys.executable, str(ROOT / "tools" / "prepare.py")]
COMPILE = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--upgrade", "--generate-hashes", "--universal"]
COMPILE += ["--python-version", "3.11", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]


def run(*command: str) -> None:
    """Run one command in the checkout; a failure ends the locking."""
    subprocess.run(command, cwd=ROOT, check=True)


def main() -> None:
    """Write the lock files: to run, to test (with the same pins), for Node, and npm's."""
    run(sys.executable, "-m", "pip", "install", "--quiet", "uv>=0.13")
    run(*COMPILE, "pyproject.toml", "-o", "requirements.lock")
    run(*COMPILE, "pyproject.toml", "--group", "dev", "-c", "requirements.lock", "-o", "requirements-dev.lock")
    run(*COMPILE, "tools/node.in", "-o", "requirements-node.lock")
    for folder in ("web", "tests/peers"):
        if (ROOT / folder / "package.json").exists():
            run(*PREPARE, "npm", folder, "update", "--package-lock-only", "--ignore-scripts")
            forget_addresses(ROOT / folder / "package-lock.json")


def forget_addresses(lock: Path) -> None:
    """Take npm's donation links out of a lock file, so that it holds no address at all."""
    content = json.loads(lock.read_text(encoding="utf-8"))
    for package in content["packages"].values():
        package.pop("funding", None)
    lock.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
