"""Work in a process of its own, which starts with nothing in memory and whose CPU is its own."""

import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_spawning = multiprocessing.get_context("spawn")


def apart(work: Callable[[], T]) -> T:
    """What the work returns; done in the main thread of a new process, as an embedded Postgres needs it."""
    with ProcessPoolExecutor(1, _spawning) as processes:
        return processes.submit(work).result()


def killed_apart(work: Callable[[], object]) -> None:
    """Do work that ends by killing its process; returns when it has."""
    process = _spawning.Process(target=work)
    process.start()
    process.join()
    if process.exitcode != -signal.SIGKILL:
        raise SystemExit(f"the process ended with {process.exitcode} before it was killed")
