"""The sandbox keeps its word through restarts, across processes and when its disk is full."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ticketd.payments.sandbox import SandboxGateway
from ticketd.payments.sandbox_log import Attempt, SandboxLog, Verdict
from ticketd.ports import CardError, Charge

_CHARGE_AND_DIE = """
import asyncio, os, signal, sys
from pathlib import Path
from ticketd.payments.sandbox import SandboxGateway
async def main():
    await SandboxGateway(Path(sys.argv[1])).charge("a-1", 1250, "tok", "EUR")
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
_CHARGE_MANY = """
import asyncio, sys
from pathlib import Path
from ticketd.payments.sandbox import SandboxGateway
async def main():
    gateway = SandboxGateway(Path(sys.argv[1]))
    for number in range(20):
        await gateway.charge(f"a-{number}", int(sys.argv[2]), "tok", "EUR")
asyncio.run(main())
print("done")
"""


def charges(path: Path) -> list[tuple[str, int]]:
    log = SandboxLog(path)
    charged: list[tuple[str, int]] = [*log.charges()]
    log.close()
    return charged


async def test_verdicts_outlive_the_gateway(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sqlite3"
    first = SandboxGateway(path)
    await first.charge("a-1", 1250, "tok", "EUR")
    with pytest.raises(CardError):
        await first.charge("a-2", 1250, "card_error", "EUR")
    first.close()

    second = SandboxGateway(path)
    assert await second.lookup("a-1") is Charge.CHARGED
    with pytest.raises(CardError):
        await second.charge("a-2", 1250, "tok", "EUR")
    second.close()


def test_nobody_else_may_read_the_log(tmp_path: Path) -> None:
    SandboxGateway(tmp_path / "gateway.sqlite3").close()
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


async def test_a_log_that_cannot_be_written_leaves_a_doubt_and_works_again_later(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sqlite3"
    gateway = SandboxGateway(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TRIGGER full BEFORE INSERT ON attempt BEGIN SELECT raise(ABORT, 'disk full'); END")
    outcomes = await asyncio.gather(
        *(gateway.charge(f"a-{number}", 1250, "tok", "EUR") for number in range(3)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {sqlite3.IntegrityError}
    other.execute("DROP TRIGGER full")
    other.close()
    await gateway.charge("a-1", 1250, "tok", "EUR")
    gateway.close()
    assert charges(path) == [("a-1", 1250)]


def test_the_first_word_on_an_attempt_counts_within_a_group_too(tmp_path: Path) -> None:
    log = SandboxLog(tmp_path / "gateway.sqlite3")
    said = log.record(
        [Attempt("a", Verdict.VOID, 0), Attempt("b", Verdict.CHARGED, 5), Attempt("a", Verdict.CHARGED, 5)]
    )
    assert said == [Verdict.VOID, Verdict.CHARGED, Verdict.VOID]
    assert log.charges() == [("b", 5)]
    log.close()


def test_a_charge_outlives_a_process_killed_right_after_it(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sqlite3"
    killed = subprocess.run([sys.executable, "-c", _CHARGE_AND_DIE, str(path)], check=False)
    assert killed.returncode == -9
    assert charges(path) == [("a-1", 1250)]


def test_processes_that_charge_the_same_attempts_at_once_charge_each_once(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sqlite3"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _CHARGE_MANY, str(path), str(amount_cents)], stdout=subprocess.PIPE
        )
        for amount_cents in (100, 200, 300)
    ]
    assert [process.communicate()[0] for process in processes] == [b"done\n"] * len(processes)
    assert len(charges(path)) == 20
