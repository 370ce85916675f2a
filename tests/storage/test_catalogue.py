"""The catalogue's rows."""

import asyncpg
import msgspec
import pytest

from ticketd.core.catalogue import Event, Organizer, TicketType
from ticketd.core.ids import (
    ID_MAX,
    EventId,
    Instant,
    InventoryId,
    OrganizerId,
    OwnerId,
    SeatMapId,
    TicketTypeId,
)
from ticketd.core.terms import EventStatus, Kind, Profile, Terms
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.database import Database

CODE = "0b0e7b8c-2f6b-4f0e-9a0a-3f1f6d2c9a11"


@pytest.fixture
def store(pool: asyncpg.Pool) -> CatalogueStore:
    return CatalogueStore(Database(pool))


@pytest.fixture
async def owner_id(pool: asyncpg.Pool) -> OwnerId:
    return OwnerId(await pool.fetchval("INSERT INTO owner (email) VALUES ('a@example.org') RETURNING id"))


@pytest.fixture
async def luna(store: CatalogueStore, owner_id: OwnerId) -> Organizer:
    organizer = await store.insert_organizer(owner_id, slug="luna", name="Luna")
    assert organizer is not None
    return organizer


def event_of(organizer: Organizer) -> Event:
    return Event(
        EventId(0),
        organizer.id,
        "Concert 🎺",
        "One\nTwo",
        Instant(2**52),
        "Europe/Vienna",
        Instant(1),
        None,
        EventStatus.DRAFT,
    )


async def test_a_new_organizer_comes_with_its_owners_access(
    store: CatalogueStore, owner_id: OwnerId, luna: Organizer
) -> None:
    assert await store.organizers() == [luna]
    assert await store.organizers_of(owner_id) == [luna]
    assert await store.may_act_for(owner_id, luna.id)
    assert not await store.may_act_for(OwnerId(ID_MAX), luna.id)
    assert not await store.may_act_for(owner_id, OrganizerId(ID_MAX))


async def test_a_taken_slug_changes_nothing(
    store: CatalogueStore, owner_id: OwnerId, luna: Organizer
) -> None:
    assert await store.insert_organizer(owner_id, slug="luna", name="Other") is None
    assert await store.organizers() == [luna]


async def test_an_event_comes_back_as_it_was(store: CatalogueStore, luna: Organizer) -> None:
    inserted = await store.insert_event(event_of(luna))
    assert inserted == msgspec.structs.replace(event_of(luna), id=inserted.id)
    assert await store.events() == [inserted]


async def test_a_changed_event_comes_back_changed(store: CatalogueStore, luna: Organizer) -> None:
    inserted = await store.insert_event(event_of(luna))
    untouched = await store.insert_event(event_of(luna))
    changed = Event(
        inserted.id,
        luna.id,
        "Recital",
        "",
        Instant(2),
        "UTC",
        None,
        Instant(3),
        EventStatus.CANCELLED,
    )
    await store.update_event(changed)
    assert sorted(await store.events(), key=lambda event: event.id) == [changed, untouched]


async def test_a_deleted_event_is_gone(store: CatalogueStore, luna: Organizer) -> None:
    inserted = await store.insert_event(event_of(luna))
    await store.delete_event(inserted.id)
    assert await store.events() == []


async def test_ticket_types_come_back_unless_deleted(
    store: CatalogueStore, pool: asyncpg.Pool, luna: Organizer
) -> None:
    terms = Terms("Dinner 🍝", capacity=3, price_cents=12_50, off_sale_at=Instant(9))
    insert = "INSERT INTO ticket_type VALUES ($1, 7, $2, $3, $4, $5, $6)"
    body = msgspec.json.encode(terms).decode()
    await pool.execute(insert, 1, luna.id, 5, CODE, body, False)
    await pool.execute(insert, 2, luna.id, None, CODE.replace("0", "1"), body, True)
    profile = Profile(luna.id, EventId(5), CODE)
    assert await store.ticket_types() == [TicketType(TicketTypeId(1), 7, profile, terms)]


async def test_what_a_ticket_type_draws_on_comes_back(
    store: CatalogueStore, pool: asyncpg.Pool, luna: Organizer
) -> None:
    await pool.execute(
        """
        INSERT INTO ticket_type (id, fact_seq, organizer_id, code, terms, kind, capacity_id, seat_map_id,
                                 hidden)
        VALUES (3, 7, $1, $2, $3, 'capacity', 4, 5, true)
        """,
        luna.id,
        CODE,
        msgspec.json.encode(Terms("Room", 9)).decode(),
    )
    profile = Profile(luna.id, None, CODE, Kind.CAPACITY, InventoryId(4), SeatMapId(5))
    expected = TicketType(TicketTypeId(3), 7, profile, Terms("Room", 9), hidden=True)
    assert await store.ticket_types() == [expected]


async def test_ticket_type_ids_are_never_given_twice(store: CatalogueStore) -> None:
    assert len({await store.next_ticket_type_id() for _ in range(3)}) == 3
