"""Postgres as far as the server relies on it: tables, row locks, sessions, and what survives a restart.

A statement happens at one instant, the end of its work, and until then (or until its transaction ends) it
holds the lock of each node row that it wants to change. `statements.py` says what each statement does.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.fakes.clock import START
from tests.simulation.loop import Owner
from ticketd.core.ids import SECOND

Row = dict[str, Any]
Arguments = tuple[Any, ...]


class BackendGone(Exception):
    """The session ended before its statement did; nobody is told."""


@dataclass(slots=True)
class Node:
    """One incarnation of the server."""

    inc: int
    lease_until: float
    group_seq: int = 0
    fenced_at: float | None = None
    """Virtual time of the commit that fenced it."""
    owner: Owner | None = None
    """The process."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def fenced(self) -> bool:
        """Whether it may commit no more."""
        return self.fenced_at is not None


class Entry(NamedTuple):
    """One row of the ledger, and which commit brought it."""

    inventory_id: int
    fact_seq: int
    reservation_id: str | None
    body: str
    inc: int
    committed_at: float
    commit: int
    """Counts all commits of the ledger."""


class Postgres:
    """What is durable, and the sessions that work on it."""

    def __init__(self, statements: Mapping[str, "Statement"]) -> None:
        """`statements`: what it can do, by text."""
        self.statements = statements
        self.up = True
        self.nodes: dict[int, Node] = {}
        self.ledger: dict[int, dict[int, Entry]] = {}
        self.commits = 0
        self.orders: dict[tuple[str, int], Row] = {}
        self.ticket_types: dict[int, Row] = {}
        self.events: list[Row] = []
        self.checkpoints: dict[int, Row] = {}
        self.guests: dict[str, tuple[str, str]] = {}
        self.collisions = 0
        """How often a fact found its place in the ledger taken."""
        self.on_write: Callable[[], None] = lambda: None
        """Called in the middle of a write, or at its end, or when a lock is had, and nobody knows yet."""
        self.refuses_data = False
        """Whether marked facts are data errors."""
        self.lock_holder: Backend | None = None
        """Whose advisory lock it is."""
        self._backends: list[Backend] = []

    def now(self) -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()

    def clock_microseconds(self) -> int:
        """`clock_timestamp()`."""
        return START + round(self.now() * SECOND)

    def open_session(self, owner: Owner | None, patience: "Patience") -> "Backend":
        """A new session; only while it is up."""
        backend = Backend(self, owner, patience)
        self._backends.append(backend)
        return backend

    def stop(self) -> None:
        """Every session ends, and what they hadn't committed has never been."""
        self.up = False
        for backend in self._backends:
            backend.end()
        self._backends.clear()

    def start(self) -> None:
        """Take sessions again."""
        self.up = True

    def entries(self) -> Iterable[Entry]:
        """The whole ledger, by inventory and fact_seq."""
        for inventory_id in sorted(self.ledger):
            rows = self.ledger[inventory_id]
            yield from (rows[seq] for seq in sorted(rows))


class Statement(NamedTuple):
    """What a statement does once it has its locks, and which node rows it locks."""

    run: Callable[["Backend", Arguments], list[Row]]
    locks: Callable[[Postgres, Arguments], Sequence[Node]]


class Snapshot(NamedTuple):
    """What a repeatable-read transaction sees."""

    commits: int
    checkpoints: dict[int, Row]


class Patience(NamedTuple):
    """How long a session may wait for its client's next statement, in seconds; None: for ever."""

    in_transaction: float | None
    otherwise: float | None


class Backend:
    """A session on the server's side."""

    def __init__(self, server: Postgres, owner: Owner | None, patience: Patience) -> None:
        self.server = server
        self.owner = owner
        self._patience = patience
        self._statements_begun = 0
        self.snapshot: Snapshot | None = None
        """Of its transaction, if that is repeatable read."""
        self._in_transaction = False
        self._effects: list[Callable[[], None]] = []
        self._locked: list[Node] = []
        self._ended = False

    async def run(self, query: str, arguments: Arguments, *, seconds: float) -> list[Row]:
        """What the statement answers after so much work; raises what Postgres does, or BackendGone."""
        statement = self.server.statements[query]
        self._statements_begun += 1
        try:
            for node in statement.locks(self.server, arguments):
                await self._lock(node)
            await asyncio.sleep(seconds)
            self._check()
            return statement.run(self, arguments)
        finally:
            if not self._in_transaction:
                self._unlock()
            self._wait_for_more()

    def _wait_for_more(self) -> None:
        begun = self._statements_begun
        patience = self._patience.in_transaction if self._in_transaction else self._patience.otherwise

        def end_if_idle() -> None:
            if self._statements_begun == begun:
                self.end()

        if patience is not None:
            asyncio.get_running_loop().call_later(patience, end_if_idle)

    async def _lock(self, node: Node) -> None:
        self._check()
        if node not in self._locked:
            await node.lock.acquire()
            self._locked.append(node)
            self._check()

    def _check(self) -> None:
        if self._ended:
            raise BackendGone

    def begin(self, *, repeatable_read: bool) -> None:
        """Hold locks, and see one snapshot if so wanted, until the end."""
        self._in_transaction = True
        if repeatable_read:
            self.snapshot = Snapshot(self.server.commits, dict(self.server.checkpoints))

    def write(self, effect: Callable[[], None]) -> None:
        """Have an effect at the transaction's end, or at once without one; never if that isn't reached."""
        if self._in_transaction:
            self._effects.append(effect)
        else:
            effect()

    def commit(self) -> None:
        """End the transaction, with its effects."""
        for effect in self._effects:
            effect()
        self._roll_back()

    def _roll_back(self) -> None:
        self._in_transaction = False
        self.snapshot = None
        self._effects = []

    def end(self) -> None:
        """Stop at once, as when its client has gone; what it didn't commit has never been."""
        self._ended = True
        if self.server.lock_holder is self:
            self.server.lock_holder = None
        self._roll_back()
        self._unlock()

    def _unlock(self) -> None:
        for node in self._locked:
            node.lock.release()
        self._locked.clear()
