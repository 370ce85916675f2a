"""The Postgres process that we have started ourselves."""

import os
import signal
import subprocess
import threading
from pathlib import Path

from ticketd.embedded.binaries import Binaries
from ticketd.embedded.cluster import ENVIRONMENT
from ticketd.embedded.directory import DataDirectory
from ticketd.embedded.privileges import Identity

_SETTINGS = Path(__file__).with_name("postgresql.conf")
_FAST_STOP_SECONDS_MAX = 5.0
_IMMEDIATE_STOP_SECONDS_MAX = 2.0
_LAST_LINES_MAX = 5


class Child:
    """A running Postgres; it ends cleanly by itself when the thread that made it ends (on Linux)."""

    def __init__(self, directory: DataDirectory, binaries: Binaries, identity: Identity) -> None:
        # On Linux, Postgres ends with the thread that starts it.
        assert threading.current_thread() is threading.main_thread()
        command = identity.command(
            binaries.postgres,
            *("-D", str(directory.cluster)),
            *("-c", f"config_file={_SETTINGS}"),
            *("-c", f"unix_socket_directories={directory.sockets}"),
        )
        self._log_file = directory.log_file
        log = directory.open_log()
        try:
            self._log_offset = os.fstat(log).st_size
            self._process = subprocess.Popen(  # noqa: S603 - no input in it
                command,
                env=ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for the server, which stops Postgres last
            )
        finally:
            os.close(log)

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def last_words(self) -> str:
        """The end of what it has written to its log, in one line."""
        written = self._log_file.read_bytes()[self._log_offset :].decode(errors="replace")
        return " | ".join(written.splitlines()[-_LAST_LINES_MAX:])

    def shut_down(self) -> None:
        """Returns when it has ended: cleanly, or within bounds by a crash that the next start repairs."""
        for stop_signal, seconds_max in (
            (signal.SIGINT, _FAST_STOP_SECONDS_MAX),
            (signal.SIGQUIT, _IMMEDIATE_STOP_SECONDS_MAX),
        ):
            self._process.send_signal(stop_signal)
            try:
                self._process.wait(seconds_max)
            except subprocess.TimeoutExpired:
                continue
            return
        self._process.kill()
        self._process.wait()
