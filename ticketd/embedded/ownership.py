"""Which process owns the embedded Postgres: a file lock, which the kernel lets go of when its holder dies."""

import fcntl
import os
from pathlib import Path

from ticketd.embedded.directory import open_private

_ANNOUNCEMENT_BYTES = 20


class Ownership:
    """At most one process has it, and starts, watches and stops Postgres; all others only use it."""

    def __init__(self, lock_file: Path) -> None:
        self._lock_file = lock_file
        self._descriptor: int | None = None

    def try_acquire(self) -> bool:
        """Whether this process has it now; never waits."""
        if self._descriptor is not None:
            return True
        descriptor = open_private(self._lock_file, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # In place of what the last owner announced: room, lest the disk have none later.
            os.pwrite(descriptor, b" " * _ANNOUNCEMENT_BYTES, 0)
            os.ftruncate(descriptor, _ANNOUNCEMENT_BYTES)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def announce(self, pid: int) -> None:
        """Tells all processes which Postgres is the owner's."""
        assert self._descriptor is not None
        os.pwrite(self._descriptor, f"{pid:>{_ANNOUNCEMENT_BYTES - 1}}\n".encode(), 0)

    def announced_pid(self) -> int | None:
        """The Postgres of whichever process is the owner."""
        announcement = self._lock_file.read_text()
        return int(announcement) if announcement.endswith("\n") else None

    def release(self) -> None:
        """Lets the next process have it; nothing happens if it wasn't ours."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
