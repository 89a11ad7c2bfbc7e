"""`make audit`: known weaknesses of what is locked, and a bill of materials (CycloneDX) in artifacts/sbom.cdx.json.

Advisories come over the network, through pip-audit and npm. Where their sources can't be reached that is said plainly,
and nothing fails: `make test` must not depend on it. Exit code 1 if something is known.
"""

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.components import NPM_LOCKS, ROOT, Component, read_components
from tools.prepare import node_environment, npm_command

SBOM = ROOT / "artifacts" / "sbom.cdx.json"
TIMEOUT_S = 300
NOT_REACHABLE = "not reachable, skipped"


def main() -> int:
    """Ask for Python's and npm's advisories, write the bill of materials. Give the exit code."""
    run([sys.executable, "-m", "pip", "install", "--quiet", "uv>=0.13"])
    found = [ask_pip_audit("requirements.lock"), ask_pip_audit("requirements-dev.lock")]
    found += [ask_npm(Path(lock).parent) for lock in NPM_LOCKS]
    for line in found:
        print(line)
    components = read_components()
    SBOM.parent.mkdir(exist_ok=True)
    SBOM.write_text(json.dumps(bill_of_materials(components), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"bill of materials: {len(components)} packages in {SBOM.relative_to(ROOT)}")
    return int(any(line.startswith("KNOWN") for line in found))


def ask_pip_audit(lock: str) -> str:
    """Say what pip-audit knows of a lock file. It comes into an environment of its own and leaves ours alone."""
    tool = [sys.executable, "-m", "uv", "tool", "run", "--quiet", "pip-audit"]
    done = run(
        [*tool, "--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json", "-r", lock]
    )
    return judge_pip_audit(lock, done)


def judge_pip_audit(lock: str, done: "subprocess.CompletedProcess[str] | None") -> str:
    """Tell its report: a package that it could not look up is not a package without weaknesses."""
    document = read_json(done)
    packages = document.get("dependencies", [])
    asked = [one for one in packages if "skip_reason" not in one]
    if not asked:
        return f"{lock}: advisories {NOT_REACHABLE}"
    known = [f"{one['name']} {one['version']}: {weak['id']}" for one in asked for weak in one.get("vulns", [])]
    left = f", {len(packages) - len(asked)} {NOT_REACHABLE}" if len(asked) < len(packages) else ""
    return f"KNOWN in {lock}: {'; '.join(known)}" if known else f"{lock}: nothing known of {len(asked)} packages{left}"


def ask_npm(folder: Path) -> str:
    """Say what npm's registry knows of a lock file."""
    command = [*npm_command(), "audit", "--json", "--package-lock-only"]
    return judge_npm(str(folder), run(command, cwd=ROOT / folder, env=node_environment()))


def judge_npm(folder: str, done: "subprocess.CompletedProcess[str] | None") -> str:
    """Tell its report."""
    document = read_json(done)
    if "vulnerabilities" not in document:
        return f"{folder}: advisories {NOT_REACHABLE}"
    known = [f"{name} ({one.get('severity', '?')})" for name, one in document["vulnerabilities"].items()]
    return f"KNOWN in {folder}: {'; '.join(known)}" if known else f"{folder}: nothing known"


def run(
    command: list[str], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str] | None":
    """Run a command; None if it does not end in time."""
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return None


def read_json(done: "subprocess.CompletedProcess[str] | None") -> dict[str, Any]:
    """Read the document that a command printed; {} for anything else."""
    start = None if done is None else re.search(r"^\{", done.stdout, re.MULTILINE)
    if done is None or start is None:
        return {}
    try:
        document, _ = json.JSONDecoder().raw_decode(done.stdout[start.start() :])
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def bill_of_materials(components: list[Component]) -> dict[str, Any]:
    """Give the document in the form of CycloneDX 1.6."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "component": {"type": "application", "name": "moorage", "bom-ref": "moorage"},
        },
        "components": [
            {
                "type": "library",
                "bom-ref": one.purl,
                "name": one.name,
                "version": one.version,
                "purl": one.purl,
                "scope": "required" if one.runs else "excluded",
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in one.hashes],
                "licenses": [{"expression": one.licence}],
            }
            for one in components
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
