"""One safeguard switched off."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple
from unittest.mock import patch

Patches = Sequence[tuple[object, str, object]]
"""Whose attribute becomes what."""


class Mutation(NamedTuple):
    """The server without one of its safeguards."""

    name: str
    patches: Callable[[], Patches]

    @contextmanager
    def off(self) -> Iterator[None]:
        """The safeguard is off for as long as the context is open."""
        with ExitStack() as stack:
            for target, name, replacement in self.patches():
                stack.enter_context(patch.object(target, name, replacement))
            yield


def into(mutations: list[Mutation], name: str) -> Callable[[Callable[[], Patches]], Callable[[], Patches]]:
    """Adds what it decorates to the list, under this name."""

    def add(patches: Callable[[], Patches]) -> Callable[[], Patches]:
        mutations.append(Mutation(name, patches))
        return patches

    return add
