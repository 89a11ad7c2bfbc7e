"""A network namespace in which every address there is belongs to the namespace itself; nothing leads out of it."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.guards.attacks import DEAD
from benchmarks.guards.scene import NAME_SERVER

SETTINGS: Final = Path("/etc/netns")
FILES: Final = {
    "resolv.conf": f"nameserver {NAME_SERVER}\noptions timeout:2 attempts:1\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "hosts: files dns\n",
}
COMMANDS: Final = (
    "link set lo up",
    "link add outward type bridge",
    "link set outward up",
    "address add 20.9.0.2/24 dev outward",
    "address add 2a01:a::2/64 dev outward nodad",
    "address add 2a01:a::99/64 dev outward nodad preferred_lft 0",
    "route add local 0.0.0.0/0 dev lo",
    "route add local ::/0 dev lo table main",
    f"route add unreachable {DEAD}",
)


@contextlib.contextmanager
def open_namespace() -> Iterator[list[str]]:
    """Make it, with a resolv.conf of its own; gives the command that takes another command inside."""
    name = f"moorage-guards-{os.getpid()}"
    folder = SETTINGS / name
    try:
        folder.mkdir(parents=True)
        for file, text in FILES.items():
            (folder / file).write_text(text)
        _ip("netns", "add", name)
        for command in COMMANDS:
            _ip("-n", name, *command.split())
        yield ["ip", "netns", "exec", name]
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)  # noqa: S607 - wherever the system keeps it
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            SETTINGS.rmdir()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)  # noqa: S607 - wherever the system keeps it
