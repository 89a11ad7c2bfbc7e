"""The walls between rooms are real: each contract finds a violation planted into a copy of the product."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.codebase import ROOT

PLANTED = {  # contract → (file, what it must not say)
    "rooms": ("storage/upward.py", "import moorage.usage"),
    "acyclic": ("usage/ring.py", "import moorage.usage.gnir"),
    "one-door-out": ("chat/second_door.py", "import aiohttp"),
    "one-vault": ("accounts/own_crypto.py", "from cryptography.fernet import Fernet"),
    "one-reporter": ("chat/own_reports.py", "import sentry_sdk"),
    "http-in": ("connections/handler.py", "import fastapi"),
    "stateless-way-out": ("providers/rows.py", "import sqlalchemy"),
    "settings": ("usage/reads_settings.py", "import moorage.settings"),
    "providers": ("providers/scripted.py", "import moorage.providers.openai_compatible"),
}


def lint_imports(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo", "--contract", contract]
    command += ["--config", str(ROOT / "pyproject.toml")]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(folder), "PATH": ""}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy_of_the_product(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "moorage", tmp_path / "moorage", ignore=shutil.ignore_patterns("static", "__pycache__"))
    return tmp_path


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_breach_is_found(copy_of_the_product: Path, contract: str) -> None:
    name, line = PLANTED[contract]
    planted = copy_of_the_product / "moorage" / name
    planted.write_text(f'"""Breaks a wall."""\n\n{line}\n')
    (copy_of_the_product / "moorage" / "usage" / "gnir.py").write_text("import moorage.usage.ring\n")
    done = lint_imports(copy_of_the_product, contract)
    assert "BROKEN" in done.stdout
    assert planted.stem in done.stdout


def test_a_room_nobody_planned_is_found(copy_of_the_product: Path) -> None:
    (copy_of_the_product / "moorage" / "lounge.py").write_text('"""Nobody planned this."""\n')
    done = lint_imports(copy_of_the_product, "rooms")
    assert "moorage.lounge" in done.stdout
    assert done.returncode == 1
