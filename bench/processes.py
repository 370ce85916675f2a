"""What processes cost: CPU seconds as the kernel counts them."""

import os
import resource
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a living process, its ended and awaited children included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / _TICKS_PER_SECOND


def family_cpu_seconds(pid: int) -> float:
    """The same for a process and all its living descendants."""
    return cpu_seconds(pid) + sum(_of_child(child) for child in children(pid))


def _of_child(pid: int) -> float:
    """0 for one that has just ended: its parent has its time now."""
    try:
        return family_cpu_seconds(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def children(pid: int) -> list[int]:
    """The living children of all threads of a process."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    return found


def postgres_of(pid: int) -> int | None:
    """The embedded Postgres that a ticketd process has started, if it has."""
    for child in children(pid):
        if Path(f"/proc/{child}/comm").read_text(encoding="ascii").strip() == "postgres":
            return child
    return None


def resident_mib(pid: int) -> float:
    """Memory of a process that is in RAM, shared pages included."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def allow_open_files(count: int) -> None:
    """Let this process have so many files open, or as many as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, count)), hard))
