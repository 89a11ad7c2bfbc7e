"""What Linux says about a process: processor seconds and memory, read from /proc."""

import os
import platform
import re
import resource
from pathlib import Path
from typing import Final

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
OPEN_FILES: Final = 20_000


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def rss_kib(pid: int) -> int:
    """Resident memory now."""
    return _memory(pid, "VmRSS")


def peak_kib(pid: int) -> int:
    """The most resident memory that there ever was."""
    return _memory(pid, "VmHWM")


def allow_many_files() -> int:
    """Raise this process's limit of open files, which its children inherit; gives the limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return wanted


def describe() -> dict[str, str | int | float]:
    """What the figures were measured on; the load average tells whether something else was running."""
    processor = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    return {
        "processor": processor[1] if processor else platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def _memory(pid: int, name: str) -> int:
    match = re.search(rf"{name}:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii"))
    return int(match[1]) if match else 0
