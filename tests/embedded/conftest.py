import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.processes import running


@pytest.fixture
def place() -> Iterator[Path]:
    """A fresh directory that everybody may pass, with a short name."""
    place = Path(tempfile.mkdtemp(prefix="tt", dir="/tmp"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def used_data_dir() -> Iterator[Path]:
    """A data directory whose database exists and isn't running; shared by a module's tests, to be fast."""
    place = Path(tempfile.mkdtemp(prefix="tt", dir="/tmp"))
    place.chmod(0o755)
    with running(place / "data"):
        pass
    yield place / "data"
    shutil.rmtree(place)
