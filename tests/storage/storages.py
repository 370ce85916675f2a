"""Both journals, and what they show beside the ledger, in one shape."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import asyncpg
import msgspec

from tests.fakes.journal import MemoryJournal
from ticketd.ports import Journal
from ticketd.storage.journal import PostgresJournal

OrderKey = tuple[str, int]
OrderRow = tuple[str | None, str, int, int, list[str]]
"""number, status, quantity, unit_price_cents, ticket codes"""
TicketTypeRow = tuple[int, str, bool]
"""fact_seq, name, deleted"""


class Storage(Protocol):
    """A journal, and what it shows beside the ledger."""

    @property
    def journal(self) -> Journal: ...

    async def orders(self) -> dict[OrderKey, OrderRow]:
        """Every line, by reservation and inventory."""

    async def ticket_types(self) -> dict[int, TicketTypeRow]:
        """Every ticket type, by id."""


Make = Callable[[int], Awaitable[Storage]]
"""Makes a storage whose groups hold so many facts at most."""


class InMemory:
    """See `Storage`."""

    def __init__(self, group_facts_max: int) -> None:
        self.journal = MemoryJournal(group_facts_max=group_facts_max)

    async def orders(self) -> dict[OrderKey, OrderRow]:
        """See `Storage`."""
        return {
            key: (row.number, row.status.value, row.quantity, row.unit_price_cents, list(row.ticket_codes))
            for key, row in self.journal.database.orders.items()
        }

    async def ticket_types(self) -> dict[int, TicketTypeRow]:
        """See `Storage`."""
        return {
            key: (row.ticket_type.seq, row.ticket_type.terms.name, row.deleted)
            for key, row in self.journal.database.ticket_types.items()
        }


class OnPostgres:
    """See `Storage`."""

    def __init__(self, pool: asyncpg.Pool, journal: PostgresJournal) -> None:
        self._pool = pool
        self.journal = journal

    async def orders(self) -> dict[OrderKey, OrderRow]:
        """See `Storage`."""
        rows = await self._pool.fetch("SELECT * FROM order_line")
        return {
            (row["reservation_id"], row["ticket_type_id"]): (
                row["number"],
                row["status"],
                row["quantity"],
                row["unit_price_cents"],
                row["ticket_codes"],
            )
            for row in rows
        }

    async def ticket_types(self) -> dict[int, TicketTypeRow]:
        """See `Storage`."""
        rows = await self._pool.fetch("SELECT * FROM ticket_type")
        return {
            row["id"]: (row["fact_seq"], msgspec.json.decode(row["terms"])["name"], row["deleted"])
            for row in rows
        }
