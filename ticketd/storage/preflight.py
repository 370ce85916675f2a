"""Whether a Postgres server can keep the promise that an acknowledged sale is durable."""

from typing import Any

import asyncpg

from ticketd.ports import StartupRefused

_SERVER_VERSION_MIN = 170000
_SETTINGS = (
    "server_version_num",
    "server_version",
    "fsync",
    "full_page_writes",
    "synchronous_commit",
    "transaction_read_only",
    "server_encoding",
)


async def check_server(connection: asyncpg.Connection) -> None:
    """StartupRefused unless this session, as it is set for our role and database, commits durably."""
    columns = ", ".join(f"current_setting('{name}') AS {name}" for name in _SETTINGS)
    row = await connection.fetchrow(f"SELECT {columns}, pg_is_in_recovery() AS is_in_recovery")
    assert row is not None
    problem = _problem(dict(row))
    if problem is not None:
        raise StartupRefused(problem)


def _problem(server: dict[str, Any]) -> str | None:
    """What is wrong with it, in one sentence."""
    if int(server["server_version_num"]) < _SERVER_VERSION_MIN:
        return f"Postgres {server['server_version']} is too old: ticketd needs Postgres 17 or newer."
    for setting in ("fsync", "full_page_writes"):
        if server[setting] != "on":
            return (
                f"Postgres has {setting} = {server[setting]}: a crash could lose sold tickets; set it to on."
            )
    if server["synchronous_commit"] in ("off", "local"):
        return (
            f"Postgres has synchronous_commit = {server['synchronous_commit']} for this user and database:"
            " a crash could lose sold tickets; set it to on."
        )
    if server["is_in_recovery"]:
        return "This Postgres is a standby and can't be written; give the address of the primary."
    if server["transaction_read_only"] != "off":
        return "This Postgres is read-only for this user and database (default_transaction_read_only)."
    if server["server_encoding"] != "UTF8":
        return f"The database's encoding is {server['server_encoding']}: ticketd needs one created with UTF8."
    return None
