"""Installs the model servers of `make test-real` into .peers/: llama.cpp's (a source build) and the LiteLLM proxy.

Done once. `MOORAGE_PEERS=/path` names a folder that already holds both environments, `llama` and `litellmproxy`.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = {  # environment → (what pip installs, what proves that it works)
    "llama": (["llama-cpp-python[server]==0.3.*", "gguf"], "import llama_cpp.server, gguf"),
    "litellmproxy": (["litellm[proxy]"], "import litellm.proxy.proxy_cli"),
}


def main() -> int:
    """Install what is missing; give the exit status."""
    folder = Path(os.environ.get("MOORAGE_PEERS") or ROOT / ".peers")
    for name, (packages, proof) in PEERS.items():
        python = folder / name / "bin" / "python"
        if python.exists() and works(python, proof):
            continue
        if os.environ.get("MOORAGE_PEERS"):
            print(f"moorage: {folder / name} is not an environment with {packages[0]}", file=sys.stderr)
            return 1
        print(f"moorage: installing {packages[0]}; this takes minutes", flush=True)
        venv.create(folder / name, with_pip=True, clear=True)
        environment = {**os.environ, "CMAKE_ARGS": "-DGGML_NATIVE=OFF"}
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True, env=environment)
    return 0


def works(python: Path, proof: str) -> bool:
    """True if `python` can run `proof`."""
    return subprocess.run([python, "-c", proof], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
