from pathlib import Path

import pytest

from ticketd.embedded.directory import DataDirectory


def test_the_socket_is_inside_the_data_directory() -> None:
    assert DataDirectory(Path("/srv/data")).sockets == Path("/srv/data/run")


@pytest.mark.parametrize(
    "path", ["/srv/" + "long/" * 20 + "data", "/srv/with, comma", "/srv/größe", "/srv/a&b"]
)
def test_a_path_that_is_too_long_or_needs_quotes_gets_a_short_socket_of_its_own(path: str) -> None:
    sockets = DataDirectory(Path(path)).sockets
    assert sockets.parent == Path("/tmp")
    assert sockets != DataDirectory(Path("/srv/other, data")).sockets


def test_a_directory_that_exists_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    DataDirectory(tmp_path).create()
    assert tmp_path.stat().st_mode & 0o777 == 0o750
