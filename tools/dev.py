"""`make dev`: the server, started again whenever a Python file or a sentence changes, and Vite with hot replacement.

Open the address that Vite prints; it passes /api on to the server. Ctrl-C ends both.
"""

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOOK_EVERY_S = 0.5
STOP_TIMEOUT_S = 10
WATCHED = ("*.py", "*.json")


def main() -> None:
    """Run both until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pages = subprocess.Popen([sys.executable, "tools/prepare.py", "npm", "web", "run", "dev"], cwd=ROOT)
    server = serve()
    seen = newest_change()
    try:
        while pages.poll() is None:
            time.sleep(LOOK_EVERY_S)
            if (now := newest_change()) != seen:
                seen = now
                print("moorage: changed, starting again", flush=True)
                stop(server)
                server = serve()
    except KeyboardInterrupt:
        print("moorage: stopping", flush=True)
    finally:
        stop(server)
        stop(pages)


def serve() -> subprocess.Popen[bytes]:
    """Start the server."""
    return subprocess.Popen([sys.executable, "-m", "moorage", "serve"], cwd=ROOT)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End `process` as Ctrl-C would, the hard way if it does not listen."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_TIMEOUT_S)
        return
    process.kill()


def newest_change() -> tuple[int, float]:
    """Give the number of watched files and the time of the newest change among them."""
    files = [file for pattern in WATCHED for file in (ROOT / "moorage").rglob(pattern) if "static" not in file.parts]
    return len(files), max(file.stat().st_mtime for file in files)


if __name__ == "__main__":
    main()
