"""The whole supervisor against the real Postgres, as whoever runs the tests (root included)."""

import asyncio
import os
import signal
import subprocess
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest
import structlog

from tests.embedded.processes import (
    is_running,
    owner_of,
    owner_process,
    postmaster_pid,
    query,
    running,
    until,
    wait_for_ready,
    wait_until,
)
from tests.eventually import eventually
from ticketd.embedded import EmbeddedPostgres, supervisor
from ticketd.embedded.directory import DataDirectory
from ticketd.ports import StartupRefused

FAILED_STARTS = 4


async def answers_under_another_pid(dsn: str, data_dir: Path, old_pid: int) -> bool:
    if is_running(old_pid):
        return False
    try:
        connection = await asyncpg.connect(dsn)
    except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
        return False
    await connection.close()
    return postmaster_pid(data_dir) != old_pid


def test_every_commit_is_durable_and_nobody_listens_on_the_network(used_data_dir: Path) -> None:
    expected = {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "listen_addresses": "",
        "TimeZone": "UTC",
        "is_superuser": "off",
    }
    settings = ", ".join(f"current_setting('{name}')" for name in expected)
    with running(used_data_dir) as postgres:
        assert query(postgres.dsn, f"SELECT ARRAY[{settings}]") == list(expected.values())


def test_data_outlive_a_restart(used_data_dir: Path) -> None:
    with running(used_data_dir) as postgres:
        query(postgres.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    with running(used_data_dir) as postgres:
        assert query(postgres.dsn, "SELECT answer FROM kept") == 42


def test_after_a_stop_nothing_runs(used_data_dir: Path) -> None:
    with running(used_data_dir):
        pid = postmaster_pid(used_data_dir)
    assert not is_running(pid)


def test_postgres_is_never_root_and_its_files_are_its_own(used_data_dir: Path) -> None:
    with running(used_data_dir):
        uid, gid = owner_of(Path(f"/proc/{postmaster_pid(used_data_dir)}"))
    assert uid != 0
    assert uid == os.geteuid() or os.geteuid() == 0
    assert owner_of(used_data_dir / "postgres") == (uid, gid)
    assert owner_of(used_data_dir) == (os.geteuid(), os.getegid())


def test_ctrl_c_in_the_terminal_does_not_reach_postgres(used_data_dir: Path) -> None:
    with running(used_data_dir):
        assert os.getsid(postmaster_pid(used_data_dir)) != os.getsid(0)


def test_a_directory_below_a_closed_one_works(place: Path) -> None:
    """Such as a clone in root's home, which Postgres' account may not enter."""
    place.chmod(0o700)
    with running(place / "clone" / "data") as postgres:
        assert query(postgres.dsn, "SELECT 1") == 1
    with running(place / "clone" / "data") as postgres:
        assert query(postgres.dsn, "SELECT 1") == 1


def test_a_long_path_with_spaces_works(place: Path) -> None:
    data_dir = place / ("long " * 30) / "it's, data"
    with running(data_dir) as postgres:
        assert query(postgres.dsn, "SELECT 1") == 1
    DataDirectory(data_dir).sockets.rmdir()


def test_a_second_process_attaches_and_leaves_the_first_ones_postgres_alone(used_data_dir: Path) -> None:
    with owner_process(used_data_dir) as owner:
        wait_for_ready(owner)
        pid = postmaster_pid(used_data_dir)
        with running(used_data_dir) as attached:
            assert query(attached.dsn, "SELECT 1") == 1
        assert postmaster_pid(used_data_dir) == pid
        assert query(attached.dsn, "SELECT 1") == 1


def test_simultaneous_first_starts_end_with_one_postgres(place: Path) -> None:
    data_dir = place / "data"
    with owner_process(data_dir) as first, owner_process(data_dir) as second, running(data_dir) as third:
        wait_for_ready(first)
        wait_for_ready(second)
        assert query(third.dsn, "SELECT 1") == 1
        assert (data_dir / "postgres.log").read_text().count("starting PostgreSQL") == 1


def test_a_start_right_after_the_owner_was_killed_gets_a_postgres_of_its_own(used_data_dir: Path) -> None:
    for _ in range(5):
        with owner_process(used_data_dir) as owner:
            wait_for_ready(owner)
            orphan = postmaster_pid(used_data_dir)
            owner.kill()
            owner.wait()
            with running(used_data_dir) as postgres:
                assert postmaster_pid(used_data_dir) != orphan
                assert not is_running(orphan)
                assert query(postgres.dsn, "SELECT 1") == 1


def test_postgres_ends_by_itself_when_its_owner_is_killed(used_data_dir: Path) -> None:
    with owner_process(used_data_dir) as owner:
        wait_for_ready(owner)
        orphan = postmaster_pid(used_data_dir)
        owner.kill()
        wait_until(lambda: not is_running(orphan))


def test_a_postgres_that_lives_on_without_an_owner_is_replaced(used_data_dir: Path) -> None:
    """As after a kill of the owner where the system can't end Postgres with it."""
    with running(used_data_dir) as disowned:
        orphan = postmaster_pid(used_data_dir)
        disowned._ownership.release()
        with running(used_data_dir) as postgres:
            assert postmaster_pid(used_data_dir) != orphan
            assert query(postgres.dsn, "SELECT 1") == 1


async def test_a_killed_postgres_comes_back_while_supervised(used_data_dir: Path) -> None:
    with running(used_data_dir) as postgres:
        supervision = asyncio.create_task(postgres.supervise())
        killed = postmaster_pid(used_data_dir)
        os.kill(killed, signal.SIGKILL)
        await until(lambda: answers_under_another_pid(postgres.dsn, used_data_dir, killed))
        supervision.cancel()


async def test_a_postgres_with_a_crashed_process_is_replaced_as_a_whole(used_data_dir: Path) -> None:
    with running(used_data_dir) as postgres:
        supervision = asyncio.create_task(postgres.supervise())
        crashed = postmaster_pid(used_data_dir)
        superuser = postgres.dsn.replace("//ticketd@", "//postgres@")
        of_writer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
        os.kill(await asyncio.to_thread(query, superuser, of_writer), signal.SIGKILL)
        await until(lambda: answers_under_another_pid(postgres.dsn, used_data_dir, crashed))
        supervision.cancel()


async def test_starts_that_fail_are_repeated_with_growing_pauses_until_one_succeeds(
    used_data_dir: Path,
) -> None:
    control = DataDirectory(used_data_dir).cluster / "global" / "pg_control"
    with running(used_data_dir) as postgres, structlog.testing.capture_logs() as logs:
        supervision = asyncio.create_task(postgres.supervise())
        killed = postmaster_pid(used_data_dir)
        hidden = control.rename(control.with_name("hidden"))
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda: len(logs) > FAILED_STARTS)
        hidden.rename(control)
        pauses = [each["pause_seconds"] for each in logs]
        await until(lambda: answers_under_another_pid(postgres.dsn, used_data_dir, killed))
        supervision.cancel()
    assert all(later == 2 * earlier for earlier, later in pairwise(pauses))


async def test_an_attached_process_takes_over_when_the_owner_is_killed(used_data_dir: Path) -> None:
    with owner_process(used_data_dir) as owner:
        wait_for_ready(owner)
        with running(used_data_dir) as attached:
            supervision = asyncio.create_task(attached.supervise())
            orphan = postmaster_pid(used_data_dir)
            owner.kill()
            await until(lambda: answers_under_another_pid(attached.dsn, used_data_dir, orphan))
            supervision.cancel()


def test_a_pid_file_whose_number_has_another_bearer_is_not_believed(used_data_dir: Path) -> None:
    bearer = subprocess.Popen(["sleep", "600"], user=owner_of(used_data_dir / "postgres")[0])
    try:
        write_pid_files(used_data_dir, bearer.pid)
        with running(used_data_dir) as postgres:
            assert query(postgres.dsn, "SELECT 1") == 1
        assert bearer.poll() is None
    finally:
        bearer.kill()
        bearer.wait()


def test_a_pid_file_of_a_dead_process_is_not_believed(used_data_dir: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    write_pid_files(used_data_dir, dead.pid)
    with running(used_data_dir) as postgres:
        assert query(postgres.dsn, "SELECT 1") == 1


def test_an_empty_pid_file_is_not_believed(used_data_dir: Path) -> None:
    (used_data_dir / "postgres" / "postmaster.pid").write_text("")
    with running(used_data_dir) as postgres:
        assert query(postgres.dsn, "SELECT 1") == 1


def test_the_pid_file_of_another_directorys_postgres_is_not_believed(
    used_data_dir: Path, place: Path
) -> None:
    with running(place / "other") as other:
        foreign = postmaster_pid(place / "other")
        write_pid_files(used_data_dir, foreign)
        with running(used_data_dir) as postgres:
            query(postgres.dsn, "CREATE TABLE only_here ()")
            assert query(other.dsn, "SELECT to_regclass('only_here')") is None
        assert is_running(foreign)


def write_pid_files(data_dir: Path, pid: int) -> None:
    directory = DataDirectory(data_dir)
    lines = [str(pid), str(directory.cluster), "1", "5432", str(directory.sockets), "", "1 1", "ready   "]
    (directory.cluster / "postmaster.pid").write_text("\n".join(lines))
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (directory.sockets / name).write_text("\n".join(lines))


def test_a_creation_that_was_interrupted_is_begun_anew(place: Path) -> None:
    left_over = DataDirectory(place).unfinished_cluster
    left_over.mkdir()
    (left_over / "PG_VERSION").write_text("18\n")
    with running(place) as postgres:
        assert query(postgres.dsn, "SELECT 1") == 1
    assert not left_over.exists()


def test_a_log_grown_too_long_is_put_aside(used_data_dir: Path) -> None:
    log_file = DataDirectory(used_data_dir).log_file
    with log_file.open("ab") as log:
        log.truncate(100_000_000)
    with running(used_data_dir):
        assert log_file.stat().st_size < 100_000
        assert log_file.with_name("postgres.log.1").stat().st_size == 100_000_000


def refusal_of(data_dir: Path) -> str:
    with pytest.raises(StartupRefused) as refused:
        EmbeddedPostgres(data_dir).start()
    return str(refused.value)


def test_a_file_in_place_of_the_data_directory_is_refused(place: Path) -> None:
    (place / "data").write_text("not a directory")
    assert "Not a directory" in refusal_of(place / "data")


def test_a_place_that_cannot_be_written_is_refused() -> None:
    assert "/proc/ticketd can't be used" in refusal_of(Path("/proc/ticketd"))


def test_a_cluster_of_another_major_version_is_refused(place: Path) -> None:
    (place / "postgres").mkdir()
    (place / "postgres" / "PG_VERSION").write_text("17\n")
    assert "are Postgres 17's and this is Postgres 18" in refusal_of(place)


def test_something_else_in_place_of_the_cluster_is_refused_and_kept(place: Path) -> None:
    (place / "postgres").mkdir()
    (place / "postgres" / "diary.txt").write_text("dear diary")
    assert "isn't a Postgres cluster" in refusal_of(place)
    assert (place / "postgres" / "diary.txt").read_text() == "dear diary"


def test_a_sockets_directory_that_others_can_enter_is_refused(used_data_dir: Path) -> None:
    sockets = DataDirectory(used_data_dir).sockets
    sockets.chmod(0o755)
    assert "isn't a private directory" in refusal_of(used_data_dir)
    sockets.chmod(0o700)


def test_a_database_that_does_not_start_is_refused_in_its_own_words_and_let_go(used_data_dir: Path) -> None:
    control = used_data_dir / "postgres" / "global" / "pg_control"
    hidden = control.rename(control.with_name("hidden"))
    assert "could not find the database system" in refusal_of(used_data_dir)
    hidden.rename(control)
    with running(used_data_dir) as postgres:
        assert query(postgres.dsn, "SELECT 1") == 1


def test_a_postgres_that_its_owner_has_not_announced_is_not_used(
    used_data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the one of an owner killed a moment ago."""
    monkeypatch.setattr(supervisor, "_START_SECONDS_MAX", 0.2)
    with owner_process(used_data_dir) as owner:
        wait_for_ready(owner)
        DataDirectory(used_data_dir).lock_file.write_text("")
        assert "wasn't ready" in refusal_of(used_data_dir)


async def test_supervision_outlasts_any_number_of_failures(
    used_data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_WATCH_POLL_SECONDS", "_PAUSE_SECONDS_MAX"):
        monkeypatch.setattr(supervisor, name, 0.0)
    postgres = EmbeddedPostgres(used_data_dir)
    attempts = 0

    def fail() -> bool:
        nonlocal attempts
        attempts += 1
        raise OSError("no memory")

    monkeypatch.setattr(postgres, "_step", fail)
    monkeypatch.setattr(supervisor, "_log", structlog.wrap_logger(structlog.ReturnLogger()))
    supervision = asyncio.create_task(postgres.supervise())
    while attempts < 1100:
        await asyncio.sleep(0)
        assert not supervision.done()
    supervision.cancel()
