"""Where the files are that ship beside the code."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def site_root() -> Path:
    """The directory of `templates` and `static`: inside the package in a wheel, else the repository."""
    shipped = _PACKAGE / "_site"
    return shipped if shipped.is_dir() else _PACKAGE.parent
