"""What stands where in the data directory, and how it comes to be there."""

import errno
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from ticketd.embedded.privileges import Identity
from ticketd.ports import StartupRefused

_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES_MAX = 100  # sun_path has 107 on Linux, 103 on macOS
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]+")  # needs no quotes in a setting, in a DSN or anywhere else
_LOG_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Paths inside one resolved data directory."""

    path: Path

    @property
    def cluster(self) -> Path:
        """What Postgres calls PGDATA; absent, or complete."""
        return self.path / "postgres"

    @property
    def unfinished_cluster(self) -> Path:
        """A cluster in the making; left over if that was interrupted."""
        return self.path / "postgres.new"

    @property
    def lock_file(self) -> Path:
        """Locked by the process that owns Postgres."""
        return self.path / "postgres.lock"

    @property
    def log_file(self) -> Path:
        """What Postgres says."""
        return self.path / "postgres.log"

    @property
    def sockets(self) -> Path:
        """Where the socket is: inside, unless that path is too long or needs quotes; then under /tmp."""
        inside = self.path / "run"
        if len(bytes(inside / _SOCKET)) <= _SOCKET_PATH_BYTES_MAX and _PLAIN_PATH.fullmatch(str(inside)):
            return inside
        digest = hashlib.sha256(bytes(self.path)).hexdigest()[:16]
        return Path("/tmp") / f"ticketd-{digest}"  # noqa: S108 - its owner and mode are checked

    @property
    def dsn(self) -> str:
        """How to reach the database over the socket."""
        return f"postgresql://ticketd@/ticketd?host={self.sockets}&port=5432"

    def create(self) -> None:
        """Makes the directory if it is missing; OSError if that can't be done."""
        mode = 0o711 if os.geteuid() == 0 else 0o700  # root's Postgres runs as somebody else, who must pass
        try:
            self.path.mkdir(mode=mode, parents=True)
        except FileExistsError:
            if not self.path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.path)) from None

    def create_sockets_directory(self, identity: Identity) -> None:
        """Makes it for this identity alone, without the sockets of a Postgres that has died."""
        try:
            self.sockets.mkdir(mode=0o700)
            os.chown(self.sockets, identity.uid, identity.gid)
        except FileExistsError:
            self._refuse_foreign_sockets_directory(identity)
        for left_over in self.sockets.glob(f"{_SOCKET}*"):
            left_over.unlink()

    def _refuse_foreign_sockets_directory(self, identity: Identity) -> None:
        found = self.sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != identity.uid or found.st_mode & 0o077:
            raise StartupRefused(
                f"{self.sockets} isn't a private directory of the user that runs Postgres; remove it."
            )

    def open_log(self) -> int:
        """A descriptor that appends to the log; a log grown too long becomes `postgres.log.1`."""
        descriptor = open_private(self.log_file, os.O_WRONLY | os.O_APPEND)
        if os.fstat(descriptor).st_size <= _LOG_BYTES_MAX:
            return descriptor
        os.close(descriptor)
        self.log_file.rename(self.log_file.with_name(f"{self.log_file.name}.1"))
        return open_private(self.log_file, os.O_WRONLY | os.O_APPEND)


def open_private(path: Path, flags: int) -> int:
    """A descriptor of a file that only the owner of its directory may read, made if missing."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:  # so that a normal user's directory still works for them after root has used it
        directory = path.parent.stat()
        os.fchown(descriptor, directory.st_uid, directory.st_gid)
    return descriptor
