"""What `make run` decides on a machine it does not know: which Node will do, and what was done already."""

from pathlib import Path

import pytest

from tools import prepare


def put_program(folder: Path, name: str, version: str) -> None:
    """Put a program on PATH that only knows its version."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("node", "npm", "will_do"),
    [
        ("v20.20.2", "11.19.1", True),
        ("v20.18.3", "11.0.0", False),
        ("v21.7.0", "11.0.0", False),
        ("v22.11.0", "11.0.0", False),
        ("v22.12.0", "11.0.0", True),
        ("v24.19.0", "10.9.2", False),
        ("command not found", "11.0.0", False),
    ],
)
def test_an_old_node_on_path_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node: str, npm: str, will_do: bool
) -> None:
    put_program(tmp_path, "node", node)
    put_program(tmp_path, "npm", npm)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert prepare.node_on_path_is_new_enough() is will_do


def test_a_machine_without_node_gets_one_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert prepare.node_on_path_is_new_enough() is False


def test_a_build_is_due_when_a_source_changes_and_not_when_an_output_does() -> None:
    sources = {str(path.relative_to(prepare.ROOT / "web")) for path in prepare.sources_of(prepare.ROOT / "web")}
    assert "package.json" in sources
    assert not [path for path in sources if path.startswith(("node_modules", "dist"))]


def test_what_was_done_is_known_by_content(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    assert prepare.remembered(stamp) is None
    before = prepare.hash_of([prepare.ROOT / "requirements.lock"])
    stamp.write_text(before)
    assert prepare.remembered(stamp) == prepare.run_hash() == before
    assert prepare.dev_hash() != before
