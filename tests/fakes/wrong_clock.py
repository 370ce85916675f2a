"""A wall clock that jumps, for the processes that are started with its environment (libfaketime)."""

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from tests.embedded.processes import owner_of
from ticketd.embedded.binaries import find_binaries
from ticketd.embedded.cluster import ENVIRONMENT

_LIBRARIES = "*/faketime/libfaketimeMT.so.1"
_STOP_SECONDS_MAX = 10.0


class WrongClock:
    """Right at first; other clocks than the wall clock always are."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "clock"
        self.set_wrong_by(0)
        self._file.chmod(0o644)
        library = next(Path("/usr/lib").glob(_LIBRARIES))
        self.environment: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set_wrong_by(self, seconds: int) -> None:
        """At once, in all its processes."""
        self._file.write_text(f"{seconds:+d}s\n")


@contextmanager
def postgres_with(clock: WrongClock, cluster: Path) -> Iterator[str]:
    """The URL of a database whose server goes by this clock; the embedded one would shed the environment."""
    port = _free_port()
    is_root = os.geteuid() == 0
    uid, gid = owner_of(cluster)
    options = ("listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", "jit=off")
    process = subprocess.Popen(
        [find_binaries().postgres, "-D", cluster, *(part for each in options for part in ("-c", each))],
        cwd="/",
        env={**ENVIRONMENT, **clock.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=uid if is_root else None,
        group=gid if is_root else None,
        extra_groups=[] if is_root else None,
    )
    try:
        yield f"postgresql://ticketd@127.0.0.1:{port}/ticketd"
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS_MAX)


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
