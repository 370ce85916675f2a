"""The command line."""

import sys
from collections.abc import Sequence

import click

from ticketd import logs
from ticketd.cli.accounts import owner, token
from ticketd.cli.checks import examine
from ticketd.cli.database import connection, run
from ticketd.cli.options import settings_help, settings_options
from ticketd.ports import StartupRefused
from ticketd.settings import Settings
from ticketd.storage.migrate import migrate as migrate_schema

_SERVE_OPTIONS = ("host", "port", "data_dir", "database_url", "demo")
_DATABASE_OPTIONS = ("data_dir", "database_url")


@click.group(context_settings={"max_content_width": 110})
@click.version_option(package_name="ticketd", prog_name="ticketd")
def cli() -> None:
    """Sell tickets, and no seat twice."""
    logs.configure()


@cli.command(epilog=settings_help(without=_SERVE_OPTIONS))
@settings_options(*_SERVE_OPTIONS)
def serve(settings: Settings) -> None:
    """Run the server until SIGTERM or Ctrl-C.

    Without --database-url it runs its own Postgres inside --data-dir.
    """
    from ticketd.server import serve as serve_until_stopped  # only this command needs all of it

    sys.exit(serve_until_stopped(settings))


@cli.command()
@settings_options(*_DATABASE_OPTIONS)
def migrate(settings: Settings) -> None:
    """Bring the database's schema up to date; `serve` does so by itself."""

    async def apply(dsn: str) -> list[str]:
        async with connection(dsn) as database:
            return await migrate_schema(database)

    applied = run(settings, apply)
    click.echo("\n".join(f"applied {name}" for name in applied) or "up to date")


@cli.command()
@settings_options(*_DATABASE_OPTIONS)
def doctor(settings: Settings) -> None:
    """Check what `serve` needs: one line for each check, exit code 1 if anything is bad."""
    healthy = True
    for finding in examine(settings):
        click.echo(str(finding))
        healthy &= finding.good
    sys.exit(0 if healthy else 1)


cli.add_command(owner)
cli.add_command(token)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command (sys.argv's) and leave the process: 0 done, 1 not done, 2 refused to start."""
    try:
        cli.main(arguments, prog_name="ticketd")
    except StartupRefused as refused:
        click.echo(f"ticketd: {refused}", err=True)
        sys.exit(2)
