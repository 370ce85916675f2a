"""Checkpoints, written beside the groups: no guest waits while a stadium of open lines is put into bytes.

A checkpoint only spares the replay of facts that the ledger has, so it may come late or not at all. It is
written after its facts are durable, in a transaction of its own, under the same fence.
"""

import asyncio
from typing import Final, NoReturn

import msgspec
import structlog

from ticketd.core.ids import InventoryId
from ticketd.core.reservations import Line
from ticketd.core.snapshots import Snapshot
from ticketd.ports import StorageUnavailable
from ticketd.storage.database import Database

LINES_AT_ONCE: Final = 1000
"""Open lines that are put into bytes before others have their turn on the event loop."""
LINES_IN_A_WRITE_MAX: Final = 20_000
"""Small inventories are written together, up to so many lines; a larger one alone."""
RETRY_SECONDS: Final = 1.0

# An older one that comes late does nothing.
WRITE = """
WITH written AS (
    INSERT INTO checkpoint (inventory_id, fact_seq, open_lines, body)
    SELECT u.* FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::bytea[]) AS u
    ON CONFLICT (inventory_id)
    DO UPDATE SET fact_seq = excluded.fact_seq, open_lines = excluded.open_lines, body = excluded.body
    WHERE checkpoint.fact_seq < excluded.fact_seq
    RETURNING 1
)
SELECT count(*) FROM written
"""
_ARRAY_HEAD: Final = b"\xdd"  # of a msgpack array with a length of four bytes

_encode = msgspec.msgpack.Encoder().encode
_decode_parts = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_snapshot = msgspec.msgpack.Decoder(Snapshot).decode
_decode_lines = msgspec.msgpack.Decoder(tuple[Line, ...]).decode

log = structlog.get_logger(__name__)


class CheckpointWriter:
    """Writes the newest snapshot of each inventory that it was given."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[InventoryId, Snapshot] = {}
        self._wanted = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, inventory_id: InventoryId, snapshot: Snapshot) -> None:
        """Have a snapshot written whose facts are durable; never blocks."""
        self._waiting[inventory_id] = snapshot
        self._idle.clear()
        self._wanted.set()

    async def until_written(self) -> None:
        """Return once nothing waits to be written."""
        await self._idle.wait()

    async def write_for_ever(self) -> NoReturn:
        """Write whatever is put in, until it is cancelled."""
        while True:
            await self._wanted.wait()
            while self._waiting:
                await self._write(self._next())
            self._wanted.clear()
            self._idle.set()

    def _next(self) -> dict[InventoryId, Snapshot]:
        taken: dict[InventoryId, Snapshot] = {}
        lines = 0
        for inventory_id, snapshot in self._waiting.items():
            lines += 1 + len(snapshot.open_lines)
            if taken and lines > LINES_IN_A_WRITE_MAX:
                break
            taken[inventory_id] = snapshot
        for inventory_id in taken:
            del self._waiting[inventory_id]
        return taken

    async def _write(self, snapshots: dict[InventoryId, Snapshot]) -> None:
        bodies = [await encode_snapshot(snapshot) for snapshot in snapshots.values()]
        seqs = [snapshot.seq for snapshot in snapshots.values()]
        open_lines = [len(snapshot.open_lines) for snapshot in snapshots.values()]
        try:
            await self._database.write(WRITE, list(snapshots), seqs, open_lines, bodies)
        except StorageUnavailable as error:
            log.warning("checkpoints not written yet", error=str(error), retry_seconds=RETRY_SECONDS)
            await asyncio.sleep(RETRY_SECONDS)
            for inventory_id, snapshot in snapshots.items():  # behind the others, unless there is a newer one
                self._waiting.setdefault(inventory_id, snapshot)


async def encode_snapshot(snapshot: Snapshot) -> bytes:
    """The snapshot as bytes, a few lines at a time."""
    lines = snapshot.open_lines
    parts = [_encode(msgspec.structs.replace(snapshot, open_lines=()))]
    for start in range(0, len(lines), LINES_AT_ONCE):
        parts.append(_encode(lines[start : start + LINES_AT_ONCE]))
        await asyncio.sleep(0)
    return b"".join((_ARRAY_HEAD, len(parts).to_bytes(4, "big"), *parts))


def decode_snapshot(body: bytes) -> Snapshot:
    """What `encode_snapshot` has made bytes of."""
    head, *slices = _decode_parts(body)
    lines = tuple(line for each in slices for line in _decode_lines(each))
    return msgspec.structs.replace(_decode_snapshot(head), open_lines=lines)
