"""Who owns the embedded Postgres, and which one it is."""

from pathlib import Path

import pytest

from tests.fakes.small_disk import CannotMount, mounted
from ticketd.embedded.ownership import Ownership


def test_what_the_last_owner_announced_counts_no_more(tmp_path: Path) -> None:
    first, second = Ownership(tmp_path / "lock"), Ownership(tmp_path / "lock")
    assert first.try_acquire()
    first.announce(1234)
    assert second.announced_pid() == 1234
    assert not second.try_acquire()
    first.release()
    assert second.try_acquire()
    assert first.announced_pid() is None
    second.announce(99)
    assert first.announced_pid() == 99
    second.release()


def test_a_full_disk_keeps_no_owner_from_announcing_its_postgres(tmp_path: Path) -> None:
    try:
        with mounted(tmp_path / "disk", megabytes=1) as disk:
            owner = Ownership(disk.path / "lock")
            assert owner.try_acquire()
            disk.fill()
            owner.announce(1234)
            assert owner.announced_pid() == 1234
            owner.release()
    except CannotMount as error:
        pytest.skip(f"a small disk can't be mounted here: {error}")
