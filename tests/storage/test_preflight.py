import uuid
from collections.abc import AsyncIterator
from typing import Any, cast

import asyncpg
import pytest

from tests.conftest import on_database
from ticketd.ports import StartupRefused
from ticketd.storage.preflight import check_server


@pytest.fixture
async def own_database(server_url: str) -> AsyncIterator[str]:
    """The name of an empty database."""
    name = f"ticketd_preflight_{uuid.uuid4().hex}"
    await execute(server_url, f"CREATE DATABASE {name}")
    yield name
    await execute(server_url, f"DROP DATABASE {name}")


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def check(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await check_server(connection)
    finally:
        await connection.close()


async def test_the_embedded_postgres_passes(server_url: str) -> None:
    await check(server_url)


@pytest.mark.parametrize("value", ["off", "local"])
async def test_commits_that_are_not_awaited_are_refused_wherever_that_is_set(
    server_url: str, own_database: str, value: str
) -> None:
    await execute(server_url, f"ALTER DATABASE {own_database} SET synchronous_commit = {value}")
    with pytest.raises(StartupRefused, match=f"synchronous_commit = {value}"):
        await check(on_database(server_url, own_database))


async def test_a_read_only_database_is_refused(server_url: str, own_database: str) -> None:
    await execute(server_url, f"ALTER DATABASE {own_database} SET default_transaction_read_only = on")
    with pytest.raises(StartupRefused, match="read-only"):
        await check(on_database(server_url, own_database))


async def test_another_encoding_is_refused(server_url: str) -> None:
    name = f"ticketd_latin_{uuid.uuid4().hex}"
    options = "TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
    await execute(server_url, f"CREATE DATABASE {name} {options}")
    with pytest.raises(StartupRefused, match="encoding is LATIN1"):
        await check(on_database(server_url, name))
    await execute(server_url, f"DROP DATABASE {name}")


class Server:
    """A session on a server as no test run should have one."""

    def __init__(self, **differences: object) -> None:
        self._row = {
            "server_version_num": "170004",
            "server_version": "17.4",
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "transaction_read_only": "off",
            "server_encoding": "UTF8",
            "is_in_recovery": False,
        } | differences

    async def fetchrow(self, _: str) -> dict[str, Any]:
        return self._row


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        ({"server_version_num": "160010", "server_version": "16.10"}, "Postgres 16.10 is too old"),
        ({"fsync": "off"}, "fsync = off"),
        ({"full_page_writes": "off"}, "full_page_writes = off"),
        ({"is_in_recovery": True, "transaction_read_only": "on"}, "standby"),
    ],
)
async def test_an_unfit_server_is_refused(differences: dict[str, object], sentence: str) -> None:
    with pytest.raises(StartupRefused, match=sentence):
        await check_server(cast("asyncpg.Connection", Server(**differences)))


@pytest.mark.parametrize("value", ["on", "remote_write", "remote_apply"])
async def test_every_setting_that_awaits_the_disk_passes(value: str) -> None:
    await check_server(cast("asyncpg.Connection", Server(synchronous_commit=value)))
