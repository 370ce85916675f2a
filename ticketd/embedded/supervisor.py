"""Starts the embedded Postgres, or uses the one that another ticketd has started, and keeps it there."""

import asyncio
import contextlib
import os
import signal
import time
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import structlog

from ticketd.embedded.binaries import Binaries, find_binaries
from ticketd.embedded.child import Child
from ticketd.embedded.cluster import create_cluster_if_missing
from ticketd.embedded.directory import DataDirectory
from ticketd.embedded.ownership import Ownership
from ticketd.embedded.postmaster import forget_dead_postmaster, living_postmaster
from ticketd.embedded.privileges import Identity, identity_for
from ticketd.ports import StartupRefused

_START_SECONDS_MAX = 120.0  # a crash under load leaves up to max_wal_size to replay
_START_FAILURES_MAX = 4  # the back ends of a killed Postgres may need a moment to go
_START_POLL_SECONDS = 0.01
_WATCH_POLL_SECONDS = 0.2
_PAUSE_SECONDS = 0.1  # after a first failure; doubles with every further one
_PAUSE_SECONDS_MAX = 10.0
_PAUSE_DOUBLINGS_MAX = 10  # so that hours of failures don't overflow a float
_STABLE_SECONDS = 30.0  # having run for so long, earlier failures are forgotten

_log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """One Postgres per data directory: owned by the first process that starts it, used by all."""

    def __init__(self, data_dir: Path) -> None:
        self._directory = DataDirectory(data_dir.resolve())
        self._ownership = Ownership(self._directory.lock_file)
        self._child: Child | None = None
        self._failures = 0
        self._last_failure = ""
        self._spawned_at = 0.0
        self._spawn_not_before = 0.0
        self.dsn = self._directory.dsn

    def start(self) -> None:
        """Postgres accepts connections on return. StartupRefused if it can't be brought to that.

        From the main thread only: on Linux, Postgres ends with the thread that starts it.
        """
        try:
            self._directory.create()
            self._wait_until_ready()
        except OSError as error:
            self.stop()
            raise StartupRefused(
                f"The data directory {self._directory.path} can't be used: {error}."
            ) from error
        except BaseException:
            self.stop()
            raise

    async def supervise(self) -> NoReturn:
        """Brings Postgres back whenever it goes, and takes the place of an owner that has gone; for ever."""
        while True:
            pause_seconds = self._spawn_not_before - time.monotonic()
            await asyncio.sleep(max(pause_seconds, _WATCH_POLL_SECONDS))
            if self._child is not None and self._child.exit_code is None:
                continue
            try:
                self._step()
            except (OSError, StartupRefused) as error:  # no room for the log, no memory: it may pass
                self._note_failure(str(error))

    def stop(self) -> None:
        """Ends Postgres if it is ours, as cleanly as time allows; leaves an attached one alone."""
        if self._child is not None:
            self._child.shut_down()
            self._child = None
        self._ownership.release()

    @cached_property
    def _binaries(self) -> Binaries:
        return find_binaries()

    @cached_property
    def _identity(self) -> Identity:
        directory = self._directory
        return identity_for(
            owned=(directory.cluster, directory.path),
            reached=(directory.cluster, directory.sockets, self._binaries.postgres, Path(__file__)),
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS_MAX
        while True:
            if self._ownership.try_acquire():
                create_cluster_if_missing(self._directory, self._binaries, self._identity)
            if self._step():
                return
            if self._failures >= _START_FAILURES_MAX:
                raise StartupRefused(f"The embedded Postgres doesn't start: {self._last_failure}")
            if time.monotonic() > deadline:
                raise StartupRefused(
                    f"The embedded Postgres in {self._directory.path} wasn't ready in"
                    f" {_START_SECONDS_MAX:.0f} s; its log is {self._directory.log_file}."
                )
            time.sleep(_START_POLL_SECONDS)

    def _step(self) -> bool:
        """One step towards a Postgres that accepts connections, without waiting; True when it does."""
        if self._ownership.try_acquire():
            self._care_for_child()
        postmaster = living_postmaster(self._directory.cluster)
        if postmaster is None or not postmaster.is_ready:
            return False
        # Any other may be the last owner's, about to end.
        return postmaster.pid == self._ownership.announced_pid()

    def _care_for_child(self) -> None:
        """Sees to it that there is one, as soon as no other Postgres is in the way."""
        if self._child is not None:
            if self._child.exit_code is not None:
                self._note_failure(f"exit code {self._child.exit_code}: {self._child.last_words()}")
                self._child = None
            elif time.monotonic() - self._spawned_at > _STABLE_SECONDS:
                self._failures = 0
            return
        orphan = living_postmaster(self._directory.cluster)
        if orphan is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan.pid, signal.SIGINT)  # its owner was killed; it should be ending already
        elif time.monotonic() >= self._spawn_not_before:
            self._spawn()

    def _spawn(self) -> None:
        forget_dead_postmaster(self._directory.cluster)
        self._directory.create_sockets_directory(self._identity)
        self._spawned_at = time.monotonic()
        self._child = Child(self._directory, self._binaries, self._identity)
        self._ownership.announce(self._child.pid)

    def _note_failure(self, reason: str) -> None:
        doublings = min(self._failures, _PAUSE_DOUBLINGS_MAX)
        pause_seconds = min(_PAUSE_SECONDS * 2**doublings, _PAUSE_SECONDS_MAX)
        self._failures += 1
        self._last_failure = reason
        self._spawn_not_before = time.monotonic() + pause_seconds
        _log.warning("embedded_postgres_gone", reason=reason, pause_seconds=pause_seconds)
