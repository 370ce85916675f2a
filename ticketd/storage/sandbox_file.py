"""What the sandbox gateway said while it kept a file of its own: taken over into the database, once.

It all blocks: a server that starts serves nobody yet.
"""

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from ticketd.ports import StartupRefused
from ticketd.storage.dedicated import DedicatedConnection
from ticketd.storage.sandbox import RECORD

SANDBOX_FILE: Final = "sandbox-gateway.sqlite3"

_Columns = tuple[list[str], list[str], list[int]]


async def take_over(path: Path, connection: DedicatedConnection) -> None:
    """Record every verdict of the file, if there is one, durably; then it has another name."""
    columns = _verdicts(path)
    if columns is not None:
        await connection.fetch(RECORD, *columns)
        _put_aside(path)


def _verdicts(path: Path) -> _Columns | None:
    """Attempts, verdicts and cents; what a killed process left in the log beside the file counts, too."""
    if not _is_there(path):
        return None
    try:
        with contextlib.closing(sqlite3.connect(path)) as file:
            rows = file.execute(
                "SELECT attempt_id, verdict, amount_cents FROM attempt ORDER BY attempt_id"
            ).fetchall()
    except sqlite3.Error as error:
        raise StartupRefused(f"The sandbox gateway's file {path} can't be read: {error}.") from error
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:  # a directory that isn't ours has nothing of ours
        return False


def _put_aside(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}.taken-over"))
