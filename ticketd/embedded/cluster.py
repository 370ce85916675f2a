"""Makes the database cluster: whole or not at all."""

import os
import shutil
import subprocess
from pathlib import Path

from ticketd.embedded.binaries import Binaries
from ticketd.embedded.directory import DataDirectory
from ticketd.embedded.privileges import Identity
from ticketd.ports import StartupRefused

_CREATE_SECONDS_MAX = 120.0
_ERROR_LINES_MAX = 5
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}  # ours may hold secrets, or PG… variables

# ticketd's own role is no superuser: a hole in a query must not become a shell.
_BOOTSTRAP_SQL = """\
CREATE ROLE ticketd LOGIN CREATEDB;
CREATE DATABASE ticketd OWNER ticketd;
"""
_INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=trust",  # whoever may enter the socket's directory
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--wal-segsize=1",  # MB: a new segment is filled with zeros while a commit, and its guests, wait
    "--no-instructions",
)


def create_cluster_if_missing(directory: DataDirectory, binaries: Binaries, identity: Identity) -> None:
    """Leaves a complete cluster that these binaries can serve, with the database and the role `ticketd`.

    StartupRefused if there is something else in its place.
    """
    version_file = directory.cluster / "PG_VERSION"
    if version_file.exists():
        _check_version(version_file, binaries)
        return
    if directory.cluster.exists() and any(directory.cluster.iterdir()):
        raise StartupRefused(
            f"{directory.cluster} holds something that isn't a Postgres cluster;"
            " move it away or choose another --data-dir."
        )
    _create(directory, binaries, identity)


def _check_version(version_file: Path, binaries: Binaries) -> None:
    version = version_file.read_text().strip()
    if version != str(binaries.major_version):
        raise StartupRefused(
            f"The data in {version_file.parent} are Postgres {version}'s and this is Postgres"
            f" {binaries.major_version}: dump them with the old version, or install it again."
        )


def _create(directory: DataDirectory, binaries: Binaries, identity: Identity) -> None:
    """Makes the cluster beside its place and moves it there when it is complete and on the disk."""
    unfinished = directory.unfinished_cluster
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    os.chown(unfinished, identity.uid, identity.gid)
    _run(identity.command(binaries.initdb, "-D", str(unfinished), *_INITDB_OPTIONS))
    single_user = ("--single", "-D", str(unfinished), "-c", "exit_on_error=on", "postgres")
    _run(identity.command(binaries.postgres, *single_user), stdin=_BOOTSTRAP_SQL)
    unfinished.rename(directory.cluster)
    _sync(directory.path)


def _run(command: list[str], *, stdin: str = "") -> None:
    try:
        subprocess.run(  # noqa: S603 - no input in it
            command,
            input=stdin,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
            timeout=_CREATE_SECONDS_MAX,
        )
    except subprocess.CalledProcessError as error:
        last_lines = " | ".join(error.stdout.split("\n")[-_ERROR_LINES_MAX:])
        raise StartupRefused(f"The database couldn't be created: {last_lines.strip()}") from error
    except subprocess.TimeoutExpired as error:
        raise StartupRefused(f"The database wasn't created in {_CREATE_SECONDS_MAX:.0f} s.") from error


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
