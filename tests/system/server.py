"""A real `ticketd serve`: a process of its own, on a data directory of its own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.embedded.processes import is_running, postmaster_pid, wait_until
from ticketd.embedded.directory import DataDirectory

REPOSITORY = Path(__file__).parents[2]
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 10.0

_READY = "listening on http://127.0.0.1:"
_COMMAND = (sys.executable, "-m", "ticketd")


@dataclass
class Server:
    """May be started, stopped and killed again and again; every start listens on a new port."""

    data_dir: Path
    token: str
    """An owner's, for the API."""
    settings: Mapping[str, str] = field(default_factory=dict)
    database_url: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    """More of its environment, beside its settings."""
    port: int = 0
    _process: subprocess.Popen[str] | None = None

    @property
    def dsn(self) -> str:
        """Where its database is."""
        return self.database_url or DataDirectory(self.data_dir.resolve()).dsn

    @property
    def log(self) -> str:
        """All that it has written to stderr, since its first start."""
        return self._log_file.read_text()

    @property
    def _log_file(self) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}-{id(self)}.log")

    def start(self, **settings: str) -> None:
        """Returns when it listens."""
        options = ["--port", "0", "--data-dir", str(self.data_dir)]
        if self.database_url is not None:
            options += ["--database-url", self.database_url]
        with self._log_file.open("a") as log:
            self._process = subprocess.Popen(
                [*_COMMAND, "serve", *options],
                cwd=REPOSITORY,
                env={**environment({**self.settings, **settings}), **self.variables},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.port = _port(self._process, self)

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def resident_kilobytes(self) -> int:
        """How much memory its process has now."""
        status = Path(f"/proc/{self._running.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def kill(self) -> None:
        """As a power cut does to the process, but for what the kernel has already taken."""
        self._running.kill()
        self._reap(STOP_SECONDS_MAX)

    def terminate(self) -> None:
        """Ask for a clean stop, and don't wait for it."""
        self._running.terminate()

    def pause(self) -> None:
        """Returns when it stands still."""
        self._running.send_signal(signal.SIGSTOP)
        os.waitpid(self._running.pid, os.WUNTRACED)

    def resume(self) -> None:
        """Let it go on where it stood still."""
        self._running.send_signal(signal.SIGCONT)

    def exit_code(self) -> int:
        """How it ended, which must be soon."""
        return self._reap(STOP_SECONDS_MAX)

    def end(self) -> None:
        """Leaves nothing running, however it stands."""
        if self._process is None:
            return
        if self.runs:
            self.resume()
            self.terminate()
        try:
            self.exit_code()
        except subprocess.TimeoutExpired:
            self.kill()
        wait_until(lambda: not self.postgres_runs)

    @property
    def postgres_runs(self) -> bool:
        """Whether its embedded Postgres is there."""
        try:
            return is_running(postmaster_pid(self.data_dir))
        except FileNotFoundError:
            return False

    @contextmanager
    def postgres_paused(self) -> Iterator[None]:
        """Its embedded Postgres stands still meanwhile, back ends and all, as on a disk that hangs."""
        postmaster = postmaster_pid(self.data_dir)
        os.kill(postmaster, signal.SIGSTOP)  # first, so that it makes no more back ends
        back_ends = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        pids = [postmaster, *map(int, back_ends)]
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def kill_postgres(self) -> None:
        """As a power cut does to the embedded Postgres alone; one that is just coming back is waited for."""
        wait_until(lambda: self.postgres_runs)
        os.kill(postmaster_pid(self.data_dir), signal.SIGKILL)

    @property
    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "it was started"
        return self._process

    def _reap(self, seconds_max: float) -> int:
        code = self._running.wait(seconds_max)
        assert self._running.stdout is not None
        self._running.stdout.close()
        return code


def _port(process: subprocess.Popen[str], server: Server) -> int:
    """Where it listens, once it says so."""
    patience = threading.Timer(START_SECONDS_MAX, process.kill)
    patience.start()
    assert process.stdout is not None
    line = process.stdout.readline()
    patience.cancel()
    assert line.startswith(_READY), f"not ready: {line!r}, {server.log}"
    return int(line.removeprefix(_READY))


def command(*arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """What became of a `ticketd` command that ends by itself."""
    return subprocess.run(
        [*_COMMAND, *arguments],
        cwd=REPOSITORY,
        env=environment(settings),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=START_SECONDS_MAX,
        check=False,
    )


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours, with these settings and no others."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TICKETD_")}
    return ours | {f"TICKETD_{name.upper()}": value for name, value in settings.items()}
