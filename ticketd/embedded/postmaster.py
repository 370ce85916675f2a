"""Whether Postgres runs: a pid file is believed only if its process is a Postgres on that directory."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_PID_FILE = "postmaster.pid"
_STATUS_LINE = 7
_READY = "ready"
_PS_SECONDS_MAX = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmaster:
    """A living Postgres server process."""

    pid: int
    is_ready: bool


def living_postmaster(cluster: Path) -> Postmaster | None:
    """The Postgres that serves this cluster directory now, verified."""
    try:
        lines = (cluster / _PID_FILE).read_text().splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, ValueError, IndexError):  # not running, or only half written
        return None
    if not _is_postgres_on(cluster, pid):
        return None
    status = lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""
    return Postmaster(pid=pid, is_ready=status == _READY)


def forget_dead_postmaster(cluster: Path) -> None:
    """Removes the pid file, which would keep Postgres from starting if its number has a new bearer.

    Only for the cluster's owner, when no postmaster lives. Back ends that outlive a killed postmaster still
    keep a second one out: Postgres finds their shared memory by the directory's inode.
    """
    (cluster / _PID_FILE).unlink(missing_ok=True)


def _is_postgres_on(cluster: Path, pid: int) -> bool:
    if sys.platform != "linux":
        return _names(cluster, _command_line_by_ps(pid))
    process = Path("/proc") / str(pid)
    try:
        if (process / "comm").read_text().strip() != "postgres":
            return False
        return (process / "cwd").samefile(cluster)  # a postmaster's working directory is its cluster
    except PermissionError:  # root without CAP_SYS_PTRACE, as in most containers
        arguments = (process / "cmdline").read_bytes().split(b"\0")
        return _names(cluster, b" ".join(arguments).decode(errors="surrogateescape"))
    except (FileNotFoundError, ProcessLookupError):
        return False


def _names(cluster: Path, command_line: str) -> bool:
    return f"postgres -D {cluster} " in command_line + " "


def _command_line_by_ps(pid: int) -> str:
    return subprocess.run(  # noqa: S603 - a number
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,  # no such process: no output
        timeout=_PS_SECONDS_MAX,
    ).stdout
