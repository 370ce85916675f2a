"""Data that should never have come so far: whoever sent them is harmed, and nobody else."""

from collections.abc import Callable

import asyncpg
import msgspec
import pytest

from tests.storage.clerk import Clerk
from tests.storage.writing import ledger, writing
from ticketd.core.commands import ChangeTerms, Reserve, StartPayment
from ticketd.core.ids import OrganizerId, SeatId
from ticketd.core.terms import TermsPatch
from ticketd.ports import Batch
from ticketd.storage.fence import Fence

NUL, SURROGATE, LINE_BREAK, TOO_LARGE = "\x00", "\ud800", "\n", 2**63


def renamed(clerk: Clerk, name: str) -> Batch:
    """A batch with a new name for the ticket type."""
    return clerk.batch(ChangeTerms(TermsPatch(name=name)))


def reserved_with_key(clerk: Clerk, key: str) -> Batch:
    """A batch with a reservation and its key."""
    return clerk.batch(Reserve(clerk.new_id(), 1, 900, key, "request"))


def seated(clerk: Clerk, seat: str) -> Batch:
    """An order for a seat of this name."""
    batch = clerk.batch(Reserve(clerk.new_id(), 1, 900), StartPayment(clerk.last_id))
    [line] = batch.orders
    return batch._replace(orders=[msgspec.structs.replace(line, seats=(SeatId(seat),))])


def of_organizer(clerk: Clerk, organizer_id: int) -> Batch:
    """A ticket type of an organizer who can't be."""
    batch = renamed(clerk, "name")
    [listing] = batch.listings
    profile = msgspec.structs.replace(listing.ticket_type.profile, organizer_id=OrganizerId(organizer_id))
    ticket_type = msgspec.structs.replace(listing.ticket_type, profile=profile)
    return batch._replace(listings=[msgspec.structs.replace(listing, ticket_type=ticket_type)])


@pytest.mark.parametrize(
    "poisoned",
    [
        lambda clerk: renamed(clerk, NUL),
        lambda clerk: renamed(clerk, SURROGATE),
        lambda clerk: reserved_with_key(clerk, SURROGATE),
        lambda clerk: seated(clerk, LINE_BREAK),
        lambda clerk: of_organizer(clerk, TOO_LARGE),
        lambda clerk: of_organizer(clerk, 2**31),
        lambda clerk: clerk.reserved()._replace(first_seq=1),
        lambda clerk: clerk.reserved()._replace(first_seq=TOO_LARGE),
    ],
    ids=["nul", "surrogate", "surrogate-in-key", "line-break", "huge", "large", "taken-place", "huge-place"],
)
async def test_data_that_cannot_be_stored_are_lost_and_the_writer_goes_on(
    poisoned: Callable[[Clerk], Batch], database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        assert await w.clerk.write(w.journal, poisoned(w.clerk)) == ["committed", "lost"]
        assert w.journal.stats().undurable_facts == 0
        other = Clerk(2)
        assert await other.write(w.journal, other.opened()) == ["committed"]
        assert w.journal.stats().in_doubt == w.journal.stats().retries == 0
    assert await ledger(pool) == [1, 1]


async def test_a_nul_in_a_key_is_stored_as_its_escape(
    database_url: str, pool: asyncpg.Pool, fence: Fence
) -> None:
    async with writing(database_url, pool, fence.incarnation) as w:
        await w.clerk.write(w.journal, reserved_with_key(w.clerk, NUL))
        [recovered] = await w.journal.recover([w.clerk.inventory.id])
    assert recovered.keys.find(NUL) is not None
