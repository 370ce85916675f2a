import asyncio
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import asyncpg
import pytest

from tests.conftest import on_database
from tests.system.audit import assert_conserved
from tests.system.client import BoxOffice
from tests.system.promoter import Promoter
from tests.system.server import Server, command

EMAIL, PASSWORD = "ada@example.org", "correct horse battery"
SETTINGS = {"rate_limit": "off"}


class Furnished(NamedTuple):
    """A data directory with an owner in its database, to be copied and never used."""

    data_dir: Path
    token: str


class MakeServer(Protocol):
    """Makes servers that the test may kill; they are not started yet."""

    def __call__(self, *, beside: Server | None = None, **settings: str) -> Server:
        """On data of its own, or on those of another."""


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A directory that everybody may pass, with a short name."""
    place = Path(tempfile.mkdtemp(prefix="ts", dir="/tmp"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def furnished(place: Path) -> Furnished:
    data_dir = place / "furnished"
    return Furnished(data_dir, add_owner("--data-dir", str(data_dir)))


def add_owner(*options: str) -> str:
    """The API token of an owner that wasn't there before."""
    added = command("owner", "add", EMAIL, "--password-stdin", *options, stdin=PASSWORD)
    assert added.returncode == 0, added.stderr
    token = command("token", "add", EMAIL, *options)
    assert token.returncode == 0, token.stderr
    return token.stdout.strip()


def copy_of(furnished: Furnished, place: Path) -> Path:
    data_dir = Path(tempfile.mkdtemp(prefix="d", dir=place))
    data_dir.chmod(0o711)
    copy_into(data_dir, furnished)
    return data_dir


def copy_into(data_dir: Path, furnished: Furnished) -> None:
    # Not shutil: it would give root's Postgres files of the wrong owner.
    subprocess.run(["cp", "-a", f"{furnished.data_dir}/.", data_dir], check=True)


@pytest.fixture
def make_server(furnished: Furnished, place: Path) -> Iterator[MakeServer]:
    made: list[Server] = []

    def make(*, beside: Server | None = None, **settings: str) -> Server:
        if beside is None:
            server = Server(copy_of(furnished, place), furnished.token, SETTINGS | settings)
        else:
            server = Server(beside.data_dir, beside.token, SETTINGS | settings, beside.database_url)
        made.append(server)
        return server

    yield make
    for server in reversed(made):
        if server.runs:
            assert_conserved(server)
    for server in reversed(made):
        server.end()
        sys.stdout.write(server.log)  # pytest shows it when the test has failed


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    """A running server that the test may kill."""
    server = make_server()
    server.start()
    return server


@pytest.fixture
def given_database(server_url: str) -> Iterator[str]:
    """A database of the test's own on a server that no ticketd started."""
    name = f"given_{uuid.uuid4().hex}"
    asyncio.run(execute(server_url, f"CREATE DATABASE {name}"))
    yield on_database(server_url, name)
    asyncio.run(execute(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def running_server(furnished: Furnished, place: Path) -> Iterator[Server]:
    server = Server(copy_of(furnished, place), furnished.token, SETTINGS)
    try:
        server.start()
        yield server
    finally:
        server.end()


@pytest.fixture
def shared_server(running_server: Server) -> Iterator[Server]:
    """A server for all tests that leave it running."""
    yield running_server
    assert_conserved(running_server)


@pytest.fixture
def box_office(shared_server: Server) -> Iterator[BoxOffice]:
    """The owner at the shared server."""
    box_office = BoxOffice(shared_server)
    yield box_office
    box_office.close()


@pytest.fixture
def promoter(shared_server: Server) -> Iterator[Promoter]:
    """The owner at the shared server, with evenings to sell."""
    promoter = Promoter(shared_server)
    yield promoter
    promoter.close()
