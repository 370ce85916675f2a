"""The sandbox's file of earlier versions."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ticketd.payments.sandbox import Verdict
from ticketd.ports import StartupRefused
from ticketd.storage.dedicated import DedicatedConnection
from ticketd.storage.sandbox import AttemptStore
from ticketd.storage.sandbox_file import SANDBOX_FILE, take_over


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[DedicatedConnection]:
    connection = DedicatedConnection(database_url, name="sandbox", answer_seconds_max=10)
    yield connection
    await connection.close()


def file_of_a_killed_process(path: Path, *verdicts: tuple[str, str, int]) -> None:
    """As the sandbox wrote it: the last words are in the log beside it."""
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute(
        "CREATE TABLE attempt"
        " (attempt_id TEXT PRIMARY KEY, verdict TEXT NOT NULL, amount_cents INTEGER NOT NULL)"
    )
    writer.executemany("INSERT INTO attempt VALUES (?, ?, ?)", verdicts)
    log = path.with_name(f"{path.name}-wal")
    assert log.stat().st_size > 0
    files = {each: each.read_bytes() for each in (path, log)}
    writer.close()
    for each, content in files.items():
        each.write_bytes(content)


async def test_every_word_of_the_file_counts_unless_there_was_one_before(
    connection: DedicatedConnection, pool: object, tmp_path: Path
) -> None:
    file, attempts = tmp_path / SANDBOX_FILE, AttemptStore(connection)
    file_of_a_killed_process(file, ("b-1", "charged", 500), ("a-1", "card_error", 700), ("c-1", "charged", 9))
    await attempts.record("c-1", Verdict.VOID, 0)
    await take_over(file, connection)
    said = [await attempts.record(attempt, Verdict.VOID, 0) for attempt in ("a-1", "b-1", "c-1", "d-1")]
    assert said == [Verdict.CARD_ERROR, Verdict.CHARGED, Verdict.VOID, Verdict.VOID]
    assert not file.exists()
    assert file.with_name(f"{SANDBOX_FILE}.taken-over").exists()
    await take_over(file, connection)


async def test_a_directory_of_somebody_else_has_nothing_to_take_over(
    connection: DedicatedConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, "is_file", forbidden)
    await take_over(tmp_path / SANDBOX_FILE, connection)


async def test_a_file_that_cannot_be_read_stops_the_start_and_stays(
    connection: DedicatedConnection, tmp_path: Path
) -> None:
    file = tmp_path / SANDBOX_FILE
    file.write_text("not a database")
    with pytest.raises(StartupRefused, match="can't be read"):
        await take_over(file, connection)
    assert file.read_text() == "not a database"
