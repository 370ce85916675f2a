"""Protocols that the shell plugs into, and the few types they share."""

import asyncio
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple, Protocol, TypeVar

from ticketd.core.catalogue import Listing
from ticketd.core.commands import Command
from ticketd.core.facts import AnyFact
from ticketd.core.ids import Instant, InventoryId, OrganizerId, ReservationId
from ticketd.core.inventory import Inventory
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Line
from ticketd.core.seat_views import SeatView
from ticketd.core.snapshots import Snapshot

Answer = TypeVar("Answer")


class StartupRefused(Exception):
    """The server can't start safely; the message is one clear sentence for the person who started it."""


class Superseded(Exception):
    """Another process has taken this one's place: it can commit nothing and must end."""


class StorageUnavailable(Exception):
    """The database can't be asked just now; it may answer later."""


# -- time


class Clock(Protocol):
    """The database's time, never backwards."""

    def now(self) -> Instant:
        """Microseconds since the epoch."""


# -- actors


class Router(Protocol):
    """The way to every inventory's actor, wherever it is."""

    def ask(self, inventory_id: InventoryId, command: Command[Answer]) -> asyncio.Future[Answer | Refusal]:
        """Put a command into the mailbox; the answer comes once what it depends on is durable.

        A full mailbox and an answer that takes too long are refused with OVERLOADED; the latter
        doesn't mean that nothing happened. Cancelling the future drops the answer, not the work.
        """

    def line(self, inventory_id: InventoryId, reservation_id: ReservationId) -> Line | None:
        """How a line stands as last decided, if it is in memory. That may never become durable: it is good
        for choosing what to ask next, and nobody may be told of it."""

    def offer(self, inventory_id: InventoryId) -> Offer | None:
        """The last durable offer, if the inventory is in memory; costs a dictionary look-up."""

    def waiting_since(self, inventory_id: InventoryId) -> Instant | None:
        """When the command came that has waited longest in its mailbox; None if none waits."""

    def seats(self, inventory_id: InventoryId) -> SeatView | None:
        """Who durably has which seat, if the inventory is in memory and has seats; it goes on changing."""

    async def offers(self, inventory_ids: Iterable[InventoryId]) -> dict[InventoryId, Offer]:
        """The last durable offers of all these that exist; those not in memory are read from storage."""


# -- journal


class Batch(NamedTuple):
    """Consecutive facts of one inventory, and what storage shows of it after them."""

    inventory_id: InventoryId
    first_seq: int
    facts: Sequence[AnyFact]
    listings: Sequence[Listing] = ()
    """The ticket types whose terms they changed, as they stand after them."""
    orders: Sequence[Line] = ()
    """Lines that they changed and whose payment was ever started, as they stand after them."""
    organizer_id: OrganizerId | None = None
    """Who sells the orders."""
    checkpoint: Snapshot | None = None
    """The state after them, when one is due."""
    alone: bool = False
    """Commit it in a group of its own."""


class Author(Protocol):
    """Whoever handed a batch over, and waits to hear what became of it."""

    def committed(self, batch: Batch) -> None:
        """The batch is durable."""

    def lost(self, batch: Batch) -> None:
        """The database refused its group's data: the batch has not happened and never will.

        Later batches of the same inventory that were handed over already are lost with it and
        not reported one by one.
        """


class Journal(Protocol):
    """The one writer of the ledger."""

    def append(self, batch: Batch, author: Author) -> None:
        """Take a batch into the next group; never blocks. Batches of one inventory keep their order."""

    async def checkpointed(self) -> None:
        """Return once every checkpoint in a batch that is durable by now is written."""

    async def recover(self, inventory_ids: Sequence[InventoryId]) -> list[Inventory]:
        """These inventories as the ledger has them, in this order; new ones where it has nothing."""

    async def unfinished(self) -> list[InventoryId]:
        """Inventories with open lines, or with facts after their checkpoint."""

    async def history(
        self, reservation_id: ReservationId, inventory_id: InventoryId
    ) -> list[tuple[int, AnyFact]]:
        """Every fact about a closed line, with its number and in order; nothing if there never was one."""


# -- payments


class CardError(Exception):
    """The card was declined; nothing was charged."""


class PaymentError(Exception):
    """Something went wrong and surely nothing was charged."""


class CurrencyError(Exception):
    """The gateway doesn't take this currency; nothing was charged."""


class Charge(Enum):
    """What became of an attempt."""

    CHARGED = "charged"
    NOT_CHARGED = "not_charged"


class PaymentGateway(Protocol):
    """Moves money."""

    async def charge(self, attempt_id: str, amount_cents: int, token: str, currency: str) -> None:
        """Charge once per attempt_id, however often it is called; return when charged.

        Raises CardError, PaymentError or CurrencyError when surely not charged; any other
        exception, a cancellation included, leaves the outcome in doubt.
        """

    async def lookup(self, attempt_id: str) -> Charge:
        """The final word on an attempt: after NOT_CHARGED it can never be charged any more."""
