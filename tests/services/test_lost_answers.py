"""A write whose answer is lost may have happened."""

import asyncpg
import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.router import InstantRouter
from tests.services.conftest import People
from ticketd.core.catalogue import Organizer
from ticketd.core.ids import OwnerId
from ticketd.core.refusals import Reason, Refusal
from ticketd.ports import StorageUnavailable
from ticketd.services.catalogue import Catalogue
from ticketd.services.owners import OwnerServices, owner_services
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.database import Database
from ticketd.storage.orders import OrderStore
from ticketd.storage.venues import VenueStore


class Forgetful(CatalogueStore):
    """Writes, and then breaks off before it has told so."""

    async def insert_organizer(self, owner_id: OwnerId, *, slug: str, name: str) -> Organizer | None:
        await super().insert_organizer(owner_id, slug=slug, name=name)
        raise StorageUnavailable("broken off")


@pytest.fixture
def forgetful(
    catalogue: Catalogue, router: InstantRouter, pool: asyncpg.Pool, clock: ManualClock
) -> OwnerServices:
    database = Database(pool)
    return owner_services(
        catalogue=catalogue,
        store=Forgetful(database),
        venues=VenueStore(database),
        orders=OrderStore(database),
        router=router,
        clock=clock,
    )


async def test_an_organizer_made_without_an_answer_is_there_when_asked_for_again(
    forgetful: OwnerServices, people: People
) -> None:
    with pytest.raises(StorageUnavailable):
        await forgetful.organizers.create(people.alice, name="Lost", slug="lost")
    again = await forgetful.organizers.create(people.alice, name="Lost", slug="lost")
    assert again == Refusal(Reason.SLUG_TAKEN)
    made = await forgetful.access.organizer(people.alice, "lost")
    assert isinstance(made, Organizer)
