"""Where the servers that are measured keep their data."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory for data directories, gone in the end; root's Postgres may pass through it."""
    with tempfile.TemporaryDirectory(prefix="ticketd-bench-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)
