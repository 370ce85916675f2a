"""Settings as options of commands: their names, texts and defaults come from `settings.py` alone."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from ticketd.settings import CONFIG, Settings, default_of, describe, load, option, variable

_METAVARS = {"data_dir": "DIR", "database_url": "URL", "host": "HOST", "port": "PORT"}
_Command = Callable[..., None]


def settings_options(*names: str) -> Callable[[_Command], _Command]:
    """Give a command these settings as options, and itself all settings as argument `settings`."""

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def run(**arguments: Any) -> None:
            flags = {name: arguments.pop(name) for name in (*names, CONFIG)}
            command(settings=load(flags), **arguments)

        decorated: _Command = click.option(
            option(CONFIG), metavar="FILE", help=f"TOML file with settings.  [{variable(CONFIG)}]"
        )(run)
        for name in reversed(names):
            decorated = _option(name)(decorated)
        return decorated

    return decorate


def settings_help(*, without: tuple[str, ...]) -> str:
    """The settings that have no option of their own, for a command's help."""
    lines = [_line(name) for name in Settings.__struct_fields__ if name not in without]
    return "\n".join(["\b", "Settings by environment variable, or in lower case in the TOML file:", *lines])


def _line(name: str) -> str:
    return f"  {variable(name)}={default_of(name)}\n      {describe(name)}"


def _option(name: str) -> Callable[[_Command], _Command]:
    text = f"{describe(name).capitalize()}.  [{_origin(name)}]"
    if isinstance(getattr(Settings(), name), bool):
        return click.option(option(name), is_flag=True, default=None, help=text)
    return click.option(option(name), metavar=_METAVARS[name], default=None, help=text)


def _origin(name: str) -> str:
    default = default_of(name)
    return f"{variable(name)}; default: {default}" if default else variable(name)
