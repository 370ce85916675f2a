"""Commands about owners and their API tokens."""

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import asyncpg
import click

from ticketd.cli.database import connection, run
from ticketd.cli.options import settings_options
from ticketd.clock import DatabaseClock
from ticketd.core.ids import SECOND
from ticketd.core.refusals import Refusal
from ticketd.services.accounts import Accounts
from ticketd.settings import Settings
from ticketd.storage.accounts import AccountStore, TokenInfo
from ticketd.storage.database import Database, database_now
from ticketd.storage.migrate import migrate

_Result = TypeVar("_Result")
_database_options = settings_options("data_dir", "database_url")
_password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input in place of asking for it."
)


@click.group()
def owner() -> None:
    """Owners: the people who may log in."""


@owner.command()
@click.argument("email")
@click.option("--name", default="", metavar="NAME", help="What to call them.")
@_password_stdin
@_database_options
def add(settings: Settings, email: str, name: str, password_stdin: bool) -> None:
    """Add an owner, with a password that is asked for twice."""
    password = _read_password(password_stdin)
    added = _ask(settings, lambda accounts: accounts.add(email, name, password))
    click.echo(f"added {added.email}")


@owner.command()
@click.argument("email")
@_password_stdin
@_database_options
def password(settings: Settings, email: str, password_stdin: bool) -> None:
    """Set an owner's new password, which is asked for twice."""
    new_password = _read_password(password_stdin)
    _ask(settings, lambda accounts: accounts.set_password(email, new_password))
    click.echo(f"new password set for {email}")


@owner.command()
@click.argument("email")
@click.argument("slug")
@_database_options
def grant(settings: Settings, email: str, slug: str) -> None:
    """Let an owner act for the organizer with this slug too."""
    _ask(settings, lambda accounts: accounts.grant(email, slug))
    click.echo(f"{email} now acts for {slug}")


@click.group()
def token() -> None:
    """API tokens of owners."""


@token.command(name="add")
@click.argument("email")
@_database_options
def add_token(settings: Settings, email: str) -> None:
    """Print a new API token of an owner; it is shown this once."""
    click.echo(_ask(settings, lambda accounts: accounts.add_token(email)))


@token.command(name="list")
@click.argument("email", required=False)
@_database_options
def list_tokens(settings: Settings, email: str | None) -> None:
    """List all API tokens, or those of one owner: id, owner, when made, whether revoked."""
    for info in _ask(settings, lambda accounts: accounts.tokens(email)):
        click.echo(_line(info))


@token.command(name="revoke")
@click.argument("token_id", type=click.IntRange(1, 2**31 - 1), metavar="ID")
@_database_options
def revoke_token(settings: Settings, token_id: int) -> None:
    """Accept an API token no more; `token list` shows the ids."""
    _ask(settings, lambda accounts: accounts.revoke_token(token_id))
    click.echo(f"token {token_id} revoked")


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.read().rstrip("\r\n")
    return click.prompt("Password", hide_input=True, confirmation_prompt=True, type=str)


def _line(info: TokenInfo) -> str:
    created = datetime.fromtimestamp(info.created_at // SECOND, UTC)
    return f"{info.id}\t{info.email}\t{created:%Y-%m-%dT%H:%M:%SZ}\t{'revoked' if info.revoked else 'valid'}"


def _ask(settings: Settings, question: Callable[[Accounts], Awaitable[_Result | Refusal]]) -> _Result:
    """The answer of the accounts; a refusal ends the command with one sentence."""

    async def ask(dsn: str) -> _Result | Refusal:
        async with connection(dsn) as database:
            await migrate(database)
            clock = DatabaseClock(await database_now(database))
        async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
            return await question(Accounts(AccountStore(Database(pool)), clock=clock))

    answer = run(settings, ask)
    if isinstance(answer, Refusal):
        raise click.ClickException(_sentence(answer))
    return answer


def _sentence(refusal: Refusal) -> str:
    if refusal.errors:
        return " ".join(f"{error.field}: {error.message}" for error in refusal.errors)
    return refusal.detail or refusal.reason.value.replace("_", " ")
