"""What keeps `serve` from starting is said in one line, with exit code 2."""

import socket
from contextlib import closing
from pathlib import Path

from tests.system.client import Client
from tests.system.server import Server, command


def refusal(*options: str) -> str:
    ended = command("serve", *options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1
    return ended.stderr


def test_a_port_in_use(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} on 127.0.0.1 is in use" in refusal(
            "--port", str(port), "--data-dir", str(tmp_path / "data")
        )
    assert not (tmp_path / "data").exists()


def test_a_database_that_another_serve_holds(shared_server: Server) -> None:
    options = ("--port", "0", "--data-dir", str(shared_server.data_dir))
    assert "Another ticketd serve holds this database" in refusal(*options)
    with closing(Client(shared_server)) as guest:
        assert guest.is_ready()


def test_a_file_where_the_data_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert f"The data directory {tmp_path / 'data'}" in refusal(
        "--port", "0", "--data-dir", f"{tmp_path}/data"
    )


def test_a_database_that_nobody_serves(tmp_path: Path) -> None:
    url = "postgresql://ticketd:hunter2@127.0.0.1:1/ticketd"
    said = refusal("--port", "0", "--data-dir", str(tmp_path), "--database-url", url)
    assert "The database can't be used" in said
    assert "hunter2" not in said
