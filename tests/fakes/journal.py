"""A journal in memory, and the database behind it, which outlives the process that writes to it."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import msgspec

from ticketd.core.catalogue import Listing
from ticketd.core.facts import CLOSING, AnyFact, Reserved
from ticketd.core.ids import (
    Instant,
    InventoryId,
    OrganizerId,
    ReservationId,
    SeatId,
    TicketCode,
    TicketTypeId,
)
from ticketd.core.inventory import Inventory
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.core.snapshots import Snapshot
from ticketd.ports import Author, Batch, StorageUnavailable

_encode = msgspec.msgpack.Encoder().encode
_decode_fact = msgspec.msgpack.Decoder(AnyFact).decode
_decode_snapshot = msgspec.msgpack.Decoder(Snapshot).decode

Settled = tuple[Batch, Author]


class OrderRow(msgspec.Struct, frozen=True):
    """One line of a reservation whose payment was ever started."""

    organizer_id: OrganizerId
    number: str | None
    status: ReservationStatus
    quantity: int
    unit_price_cents: int
    created_at: Instant
    ticket_codes: tuple[TicketCode, ...]
    seats: tuple[SeatId, ...]


class MemoryDatabase:
    """What is durable. Everything is kept by value, so that nobody can change it behind its back."""

    def __init__(self) -> None:
        self.ledger: dict[InventoryId, dict[int, bytes]] = {}
        self.checkpoints: dict[InventoryId, bytes] = {}
        self.orders: dict[tuple[ReservationId, TicketTypeId], OrderRow] = {}
        self.ticket_types: dict[TicketTypeId, Listing] = {}
        self.reachable = True
        """While False, reading raises StorageUnavailable and nothing is committed."""
        self.writer: MemoryJournal | None = None
        """The only one that can commit; a journal that starts takes the older one's place."""

    def facts(self, inventory_id: InventoryId) -> list[AnyFact]:
        """One inventory's ledger; LookupError if it isn't dense."""
        rows = self.ledger.get(inventory_id, {})
        if sorted(rows) != list(range(1, len(rows) + 1)):
            raise LookupError(f"the ledger of inventory {inventory_id} has gaps")
        return [_decode_fact(rows[seq]) for seq in sorted(rows)]

    def accepts(self, batch: Batch) -> bool:
        """Whether none of the batch's places in the ledger is taken."""
        rows = self.ledger.get(batch.inventory_id, {})
        return all(batch.first_seq + offset not in rows for offset in range(len(batch.facts)))

    def take_in(self, batch: Batch) -> None:
        """Make a batch durable."""
        rows = self.ledger.setdefault(batch.inventory_id, {})
        rows.update((batch.first_seq + offset, _encode(fact)) for offset, fact in enumerate(batch.facts))
        for line in batch.orders:
            self._take_in_order(line, batch.organizer_id)
        for listing in batch.listings:
            self.ticket_types[listing.ticket_type.id] = listing
        if batch.checkpoint is not None:
            self.checkpoints[batch.inventory_id] = _encode(batch.checkpoint)

    def _take_in_order(self, line: Line, organizer_id: OrganizerId | None) -> None:
        assert organizer_id is not None, "orders belong to an organizer"
        number = f"{line.inventory_id}-{line.seq}" if line.is_home else None
        first = 0
        for share in line.of_ticket_types:
            row = OrderRow(
                organizer_id,
                number,
                line.status,
                share.quantity,
                share.unit_price_cents,
                line.created_at,
                line.ticket_codes[first : first + share.quantity],
                line.seats,
            )
            place = line.reservation_id, share.ticket_type_id
            known = self.orders.get(place, row)
            self.orders[place] = msgspec.structs.replace(
                known, status=row.status, ticket_codes=row.ticket_codes
            )
            number, first = None, first + share.quantity

    def snapshot(self, inventory_id: InventoryId) -> Snapshot | None:
        """An inventory's checkpoint."""
        body = self.checkpoints.get(inventory_id)
        return None if body is None else _decode_snapshot(body)

    def inventory(self, inventory_id: InventoryId) -> Inventory:
        """An inventory as checkpoint and ledger have it."""
        inventory = Inventory(inventory_id)
        replay_from = 1
        if (snapshot := self.snapshot(inventory_id)) is not None:
            inventory.restore(snapshot)
            replay_from = min(snapshot.keys_from_seq, snapshot.seq + 1)
        rows = self.ledger.get(inventory_id, {})
        for seq in sorted(rows):
            if seq >= replay_from:
                inventory.replay(seq, _decode_fact(rows[seq]))
        return inventory

    def is_unfinished(self, inventory_id: InventoryId) -> bool:
        """Whether it has open lines, or facts after its checkpoint."""
        snapshot = self.snapshot(inventory_id)
        known_seq = 0 if snapshot is None else snapshot.seq
        open_lines = () if snapshot is None else snapshot.open_lines
        return bool(open_lines) or max(self.ledger.get(inventory_id, {}), default=0) > known_seq


class MemoryJournal:
    """See `ports.Journal`. Commits by itself, a group for each turn of the loop, unless it is `held`."""

    def __init__(self, database: MemoryDatabase | None = None, *, group_facts_max: int = 2048) -> None:
        self.database = MemoryDatabase() if database is None else database
        self.database.writer = self
        self.held = False
        """While True, groups wait for `commit` or `lose`."""
        self.refuses: Callable[[AnyFact], bool] = lambda fact: False
        """Which facts are data errors: their group is lost before it is committed."""
        self.group_facts_max = group_facts_max
        self._pending: deque[Settled] = deque()
        self._untold: deque[Settled] = deque()
        self._group_is_due = False

    @property
    def pending(self) -> Sequence[Batch]:
        """Handed over, and not yet durable."""
        return [batch for batch, _ in self._pending]

    def append(self, batch: Batch, author: Author) -> None:
        """See `ports.Journal.append`."""
        self._pending.append((batch, author))
        self._schedule_group()

    async def checkpointed(self) -> None:
        """See `ports.Journal.checkpointed`: a batch takes its checkpoint along."""

    # -- committing by itself

    def let_go(self) -> None:
        """Commit by itself again, beginning with what was held back."""
        self.held = False
        self._schedule_group()

    def _schedule_group(self) -> None:
        if not self._group_is_due:
            self._group_is_due = True
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        self._group_is_due = False
        if self.held or not self._pending or not self._may_commit():
            return
        self.commit()
        if self._pending:
            self._schedule_group()

    def _may_commit(self) -> bool:
        return self.database.reachable and self.database.writer is self

    # -- committing when told

    def commit(self, *, tell: bool = True) -> None:
        """Make the next group durable, or lose it to a data error.

        Without `tell`, nobody hears of it before `tell` is called: the commit's answer is on its way.
        """
        assert self._may_commit(), "somebody else writes to this database, or nobody can"
        group = self._next_group()
        if any(self._is_refused(batch) for batch, _ in group):
            self._lose(group)
            return
        for batch, _ in group:
            self.database.take_in(batch)
        self._untold.extend(group)
        if tell:
            self.tell()

    def tell(self) -> None:
        """Let the authors of what is durable know."""
        while self._untold:
            batch, author = self._untold.popleft()
            author.committed(batch)

    def lose(self) -> None:
        """Refuse the next group's data, whatever they are."""
        self._lose(self._next_group())

    def _next_group(self) -> list[Settled]:
        group = [self._pending.popleft()]
        facts = len(group[0][0].facts)
        while self._pending and not group[0][0].alone and not self._pending[0][0].alone:
            facts += len(self._pending[0][0].facts)
            if facts > self.group_facts_max:
                break
            group.append(self._pending.popleft())
        return group

    def _is_refused(self, batch: Batch) -> bool:
        return not self.database.accepts(batch) or any(self.refuses(fact) for fact in batch.facts)

    def _lose(self, group: Iterable[Settled]) -> None:
        first: dict[InventoryId, Settled] = {}
        for batch, author in group:
            first.setdefault(batch.inventory_id, (batch, author))
        self._pending = deque(item for item in self._pending if item[0].inventory_id not in first)
        for batch, author in first.values():
            author.lost(batch)

    # -- reading

    async def recover(self, inventory_ids: Sequence[InventoryId]) -> list[Inventory]:
        """See `ports.Journal.recover`."""
        await self._reach()
        return [self.database.inventory(inventory_id) for inventory_id in inventory_ids]

    async def unfinished(self) -> list[InventoryId]:
        """See `ports.Journal.unfinished`."""
        await self._reach()
        return [each for each in self.database.ledger if self.database.is_unfinished(each)]

    async def history(
        self, reservation_id: ReservationId, inventory_id: InventoryId
    ) -> list[tuple[int, AnyFact]]:
        """See `ports.Journal.history`."""
        await self._reach()
        rows = self.database.ledger.get(inventory_id, {})
        facts = ((seq, _decode_fact(rows[seq])) for seq in sorted(rows))
        own = [(seq, fact) for seq, fact in facts if getattr(fact, "reservation_id", None) == reservation_id]
        # The fact that made the line isn't indexed: only the one that closes it tells where it stands.
        made = max((fact.line_seq for _, fact in own if isinstance(fact, CLOSING)), default=0)
        return [(seq, fact) for seq, fact in own if seq == made or not isinstance(fact, Reserved)]

    async def _reach(self) -> None:
        await asyncio.sleep(0)
        if not self.database.reachable:
            raise StorageUnavailable("the database in memory is switched off")
