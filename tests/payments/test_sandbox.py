"""The sandbox keeps its word through restarts and across processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from ticketd.payments.sandbox import SandboxGateway
from ticketd.ports import CardError, Charge

_CHARGE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from ticketd.payments.sandbox import SandboxGateway
SandboxGateway(Path(sys.argv[1])).charge("a-1", 1250, "tok", "EUR")
os.kill(os.getpid(), signal.SIGKILL)
"""
_CHARGE_MANY = """
import sys
from pathlib import Path
from ticketd.payments.sandbox import SandboxGateway
gateway = SandboxGateway(Path(sys.argv[1]))
for number in range(20):
    gateway.charge(f"a-{number}", int(sys.argv[2]), "tok", "EUR")
print("done")
"""


def test_verdicts_outlive_the_gateway(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sqlite3"
    first = SandboxGateway(path)
    first.charge("a-1", 1250, "tok", "EUR")
    with pytest.raises(CardError):
        first.charge("a-2", 1250, "card_error", "EUR")
    first.close()

    second = SandboxGateway(path)
    assert second.lookup("a-1") is Charge.CHARGED
    with pytest.raises(CardError):
        second.charge("a-2", 1250, "tok", "EUR")
    second.close()


def test_nobody_else_may_read_the_log(tmp_path: Path) -> None:
    SandboxGateway(tmp_path / "gateway.sqlite3").close()
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


def test_a_charge_outlives_a_process_killed_right_after_it(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sqlite3"
    killed = subprocess.run([sys.executable, "-c", _CHARGE_AND_DIE, str(path)], check=False)
    assert killed.returncode == -9
    gateway = SandboxGateway(path)
    assert gateway.charges() == [("a-1", 1250)]
    gateway.close()


def test_processes_that_charge_the_same_attempts_at_once_charge_each_once(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sqlite3"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _CHARGE_MANY, str(path), str(amount_cents)], stdout=subprocess.PIPE
        )
        for amount_cents in (100, 200, 300)
    ]
    assert [process.communicate()[0] for process in processes] == [b"done\n"] * len(processes)
    gateway = SandboxGateway(path)
    assert len(gateway.charges()) == 20
    gateway.close()
