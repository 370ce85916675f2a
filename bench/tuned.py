"""`python -m bench.tuned MODULE.CONSTANT=NUMBER … -- ARGUMENTS`: ticketd with other constants than it has.

For measuring what a constant does. Modules are those below `ticketd`; what was derived from a constant when
its module was read stays.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from bench.subjects import serving


def serving_tuned(data_dir: Path, constants: Mapping[str, float]) -> list[str]:
    """The command that serves these data with these constants."""
    (
        python,
        *_,
    ) = serving(data_dir)
    arguments = serving(data_dir)[3:]
    given = [f"{name}={number}" for name, number in constants.items()]
    return [python, "-m", "bench.tuned", *given, "--", *arguments]


def tune(constants: Mapping[str, float]) -> None:
    """Set them; ends the program if there is no such constant."""
    for name, number in constants.items():
        module_name, _, constant = name.rpartition(".")
        module = import_module(f"ticketd.{module_name}")
        if not isinstance(getattr(module, constant, None), int | float):
            raise SystemExit(f"ticketd.{name} is no constant number")
        setattr(module, constant, number)


def parse_constants(given: Sequence[str]) -> dict[str, float]:
    """From `NAME=NUMBER` each."""
    return {name: json.loads(number) for name, _, number in (each.partition("=") for each in given)}


if __name__ == "__main__":
    end = sys.argv.index("--")
    tune(parse_constants(sys.argv[1:end]))
    from ticketd.cli import main

    main(sys.argv[end + 1 :])
