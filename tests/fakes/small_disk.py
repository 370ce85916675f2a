"""A disk that can be filled up, and given its space back."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CHUNK = bytes(64 * 1024)


class CannotMount(Exception):
    """This account, or this container, may not."""


class SmallDisk:
    """A file system of its own, in memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    def fill(self) -> None:
        """Take all space that is free now; what others free or truncate later is theirs again."""
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            chunk = _CHUNK
            while chunk:
                try:
                    os.write(descriptor, chunk)
                except OSError:
                    chunk = chunk[: len(chunk) // 2]
        finally:
            os.close(descriptor)

    @contextmanager
    def clearing(self) -> Iterator[None]:
        """Gives back at the end what `fill` has taken."""
        try:
            yield
        finally:
            self._filler.unlink(missing_ok=True)


@contextmanager
def mounted(path: Path, *, megabytes: int) -> Iterator[SmallDisk]:
    """A disk of this size, mounted there meanwhile; CannotMount where that isn't allowed."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(path)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        path.rmdir()
        raise CannotMount(str(error)) from error
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
        path.rmdir()
