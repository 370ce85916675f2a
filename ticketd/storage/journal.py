"""The journal on Postgres: one writer, one connection, one statement per group.

Committed means that the statement's row came back. Superseded means that it came back without a row:
the fence refused. In doubt (the connection went away before an answer) is resolved by asking, never by
guessing. A group in doubt that turns out not to have happened is simply sent again: nobody else can
have written to these inventories while this incarnation isn't fenced.
"""

import asyncio
from collections import deque
from typing import NamedTuple, NoReturn

import asyncpg
import structlog

from ticketd.core.ids import InventoryId
from ticketd.core.stats import LATENCY_SECONDS_BOUNDS, SIZE_BOUNDS, Distribution, JournalStats
from ticketd.ports import Author, Batch, Superseded
from ticketd.storage.checkpoints import CheckpointWriter
from ticketd.storage.database import Database
from ticketd.storage.group import STATEMENTS, Group
from ticketd.storage.ledger import LedgerReader
from ticketd.storage.outages import OUTAGES
from ticketd.tasks import Fatal, for_ever, stop

GROUP_WAIT_SECONDS_MAX = 0.002
RETRY_SECONDS_MIN = 0.05
RETRY_SECONDS_MAX = 1.0

DATA_ERRORS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
"""The database looked at the data and refused it; sent again it would be refused again."""

# A group takes group_seq from $2 to $2 + 1. This takes it on to $2 + 2 if the group has not committed
# (and now never can), to $2 + 3 if it had; it waits for a statement that is still in flight. Doing it
# twice is the same as doing it once, and one that comes late finds both its numbers gone for ever.
RESOLVE = """
UPDATE node SET group_seq = group_seq + CASE WHEN group_seq IN ($2::bigint, $2::bigint + 1) THEN 2 ELSE 0 END
WHERE inc = $1 AND NOT fenced RETURNING group_seq
"""

log = structlog.get_logger(__name__)


class Handed(NamedTuple):
    """A batch, and who is to hear what became of it."""

    batch: Batch
    author: Author


class PostgresJournal(LedgerReader):
    """See `ports.Journal`; its reading half is the ledger's."""

    def __init__(
        self,
        dsn: str,
        *,
        database: Database,
        incarnation: int,
        fatal: Fatal,
        commit_seconds_max: float,
        group_facts_max: int,
    ) -> None:
        self._dsn = dsn
        super().__init__(database)
        self._incarnation = incarnation
        self._fatal = fatal
        self._commit_seconds_max = commit_seconds_max
        self._group_facts_max = group_facts_max
        self._group_seq = 0
        self._pending: deque[Handed] = deque()
        self._undurable_facts = 0
        self._wanted = asyncio.Event()
        self._checkpoints = CheckpointWriter(database)
        self._writer: asyncio.Task[None] | None = None
        self._checkpoint_writer: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection | None = None
        self._loop = asyncio.get_running_loop()
        self._retries = 0
        self._in_doubt = 0
        self._group_rows = Distribution(SIZE_BOUNDS)
        self._commit_seconds = Distribution(LATENCY_SECONDS_BOUNDS)
        self._statements: dict[str, asyncpg.prepared_stmt.PreparedStatement] = {}

    # -- life

    async def start(self) -> None:
        """Connect and begin to write."""
        await self._connect()
        self._writer = for_ever(self._write_for_ever, self._fatal)
        self._checkpoint_writer = for_ever(self._checkpoints.write_for_ever, self._fatal)

    async def close(self) -> None:
        """Stop writing; whatever isn't durable by now never will be."""
        await stop(self._writer, self._checkpoint_writer)
        self._drop_connection()

    @property
    def is_connected(self) -> bool:
        """Whether the database answered last."""
        return self._connection is not None and not self._connection.is_closed()

    @property
    def is_writing(self) -> bool:
        """Whether batches still become durable: not once it was superseded or closed."""
        return self._writer is not None and not self._writer.done()

    def stats(self) -> JournalStats:
        """What it counts about itself."""
        return JournalStats(
            undurable_facts=self._undurable_facts,
            retries=self._retries,
            in_doubt=self._in_doubt,
            group_rows=self._group_rows,
            commit_seconds=self._commit_seconds,
        )

    # -- writing

    def append(self, batch: Batch, author: Author) -> None:
        """See `ports.Journal.append`."""
        self._pending.append(Handed(batch, author))
        self._undurable_facts += len(batch.facts)
        self._wanted.set()

    async def checkpointed(self) -> None:
        """See `ports.Journal.checkpointed`."""
        await self._checkpoints.until_written()

    async def _write_for_ever(self) -> NoReturn:
        while True:
            await self._wanted.wait()
            await self._while_more_come()
            await self._commit(self._next_group())
            if not self._pending:
                self._wanted.clear()

    async def _while_more_come(self) -> None:
        """Let the group grow as long as every round of the event loop brings more: fuller ones cost less."""
        deadline = self._loop.time() + GROUP_WAIT_SECONDS_MAX
        seen = 0
        while seen < len(self._pending) and self._loop.time() < deadline:
            seen = len(self._pending)
            await asyncio.sleep(0)

    def _next_group(self) -> list[Handed]:
        """The oldest batches up to the limit; one that must be alone is."""
        group = [self._pending.popleft()]
        facts = len(group[0].batch.facts)
        while self._pending and not group[0].batch.alone and not self._pending[0].batch.alone:
            facts += len(self._pending[0].batch.facts)
            if facts > self._group_facts_max:
                break
            group.append(self._pending.popleft())
        return group

    async def _commit(self, handed: list[Handed]) -> None:
        """Send the group until it is known to be durable or refused."""
        try:
            group = Group(batch for batch, _ in handed)
            statement, arguments = group.statement, group.arguments()
        except (ValueError, OverflowError) as error:  # not even a text can hold it
            log.warning("group not written", error=type(error).__name__)
            self._lose(handed)
            return
        self._group_rows.observe(group.rows)
        started_at = self._loop.time()
        retry_seconds = RETRY_SECONDS_MIN
        while not await self._try(handed, statement, arguments):
            self._retries += 1
            await asyncio.sleep(retry_seconds)
            retry_seconds = min(2 * retry_seconds, RETRY_SECONDS_MAX)
        self._commit_seconds.observe(self._loop.time() - started_at)

    async def _try(self, handed: list[Handed], statement: str, arguments: list[object]) -> bool:
        """Send the group once; True when it is settled one way or the other."""
        try:
            await self._execute(statement, arguments)
        except (*DATA_ERRORS, *OUTAGES) as error:
            if not (isinstance(error, asyncpg.PostgresError) and self.is_connected):
                committed = await self._resolve()
                if committed:
                    self._settle(handed)
                return committed
            # Only an SQLSTATE on a live connection proves that nothing has happened.
            log.warning("group not committed", error=type(error).__name__)
            if isinstance(error, DATA_ERRORS):
                self._lose(handed)
                return True
            self._drop_connection()  # it may be this session only that can't
            return False
        self._settle(handed)
        return True

    async def _execute(self, statement: str, arguments: list[object]) -> None:
        """Run the statement once; the connection is cut, never cancelled, when it takes too long."""
        connection = self._connection if self.is_connected else await self._reconnect()
        assert connection is not None
        watchdog = self._loop.call_later(self._commit_seconds_max, connection.terminate)
        try:
            rows = await self._statements[statement].fetch(self._incarnation, self._group_seq, *arguments)
        finally:
            watchdog.cancel()
        if not rows:
            raise Superseded("Another process has taken over this database.")
        self._group_seq += 1

    async def _resolve(self) -> bool:
        """Whether the group in doubt has committed; if not, it never will."""
        self._in_doubt += 1
        before = self._group_seq
        found = await self._bump(before)
        if found is None:
            raise Superseded("Another process has taken over this database.")
        self._group_seq = found
        committed = bool(found == before + 3)
        log.warning("group was in doubt", committed=committed)
        return committed

    async def _bump(self, before: int) -> int | None:
        while True:
            connection = await self._reconnect()
            try:
                found: int | None = await connection.fetchval(
                    RESOLVE, self._incarnation, before, timeout=self._commit_seconds_max
                )
                return found
            except OUTAGES as error:
                log.warning("group in doubt, asking again", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS_MIN)

    def _settle(self, handed: list[Handed]) -> None:
        for batch, author in handed:
            self._undurable_facts -= len(batch.facts)
            if batch.checkpoint is not None:
                self._checkpoints.put(batch.inventory_id, batch.checkpoint)
            author.committed(batch)

    def _lose(self, handed: list[Handed]) -> None:
        """Tell each author once, and drop what was decided on top."""
        first: dict[InventoryId, Handed] = {}
        for each in handed:
            first.setdefault(each.batch.inventory_id, each)
        self._pending = deque(each for each in self._pending if each.batch.inventory_id not in first)
        self._undurable_facts = sum(len(batch.facts) for batch, _ in self._pending)
        for batch, author in first.values():
            author.lost(batch)

    # -- the connection

    async def _reconnect(self) -> asyncpg.Connection:
        """A fresh connection, however long it takes."""
        self._drop_connection()
        retry_seconds = RETRY_SECONDS_MIN
        while True:
            try:
                return await self._connect()
            except OUTAGES as error:
                self._retries += 1
                log.warning("database unreachable", error=type(error).__name__)
                await asyncio.sleep(retry_seconds)
                retry_seconds = min(2 * retry_seconds, RETRY_SECONDS_MAX)

    async def _connect(self) -> asyncpg.Connection:
        """Connect with limits on the server's side too: a half-sent statement can't hold the fence."""
        transaction_milliseconds = int(self._commit_seconds_max * 1000)
        async with asyncio.timeout(self._commit_seconds_max):
            connection = await asyncpg.connect(
                self._dsn,
                server_settings={
                    "application_name": "ticketd journal",
                    "transaction_timeout": str(transaction_milliseconds),
                    "tcp_user_timeout": str(transaction_milliseconds // 2),
                    "plan_cache_mode": "force_generic_plan",
                },
            )
            try:
                self._statements = {text: await connection.prepare(text) for text in STATEMENTS}
            except BaseException:
                connection.terminate()
                raise
        self._connection = connection
        return connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
