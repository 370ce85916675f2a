"""The house of the API's tests, with owners who can log in and sessions to log in to."""

import dataclasses

from argon2 import PasswordHasher

from tests.web.api.house import ANNA, BEN, NO_DATABASE, House, MemoryAccountStore
from ticketd.core.catalogue import Organizer, Venue
from ticketd.core.ids import InventoryId, OwnerId, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.seat_maps import SeatMap
from ticketd.services.accounts import Accounts, Owner
from ticketd.services.drafts import VenueDraft
from ticketd.services.passwords import Passwords
from ticketd.services.seat_maps.builder import SectionPlan, seat_map_from_plans
from ticketd.settings import Settings
from ticketd.storage.accounts import Login
from ticketd.storage.sessions import SessionStore

PASSWORD = "correct horse battery"
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
_HASH = _QUICK.hash(PASSWORD)


class MemorySessions(SessionStore):
    """See `storage.sessions.SessionStore`; sessions never run out."""

    def __init__(self) -> None:
        super().__init__(NO_DATABASE)
        self.kept: dict[str, OwnerId] = {}

    async def owner_of(self, key: str) -> OwnerId | None:
        return self.kept.get(key)

    async def begin(self, key: str, owner_id: OwnerId, *, seconds: int) -> None:
        self.kept[key] = owner_id

    async def end(self, key: str) -> None:
        self.kept.pop(key, None)


class LoginStore(MemoryAccountStore):
    """Anna and Ben have the same password; nobody else is known."""

    def __init__(self) -> None:
        super().__init__()
        self._people = {each.email: each for each in (ANNA, BEN)}

    async def login_of(self, email: str) -> Login | None:
        owner = self._people.get(email)
        return None if owner is None else Login(owner, _HASH)

    async def owner(self, owner_id: OwnerId) -> Owner | None:
        return next((each for each in self._people.values() if each.id == owner_id), None)

    def forget(self, owner: Owner) -> None:
        """Let an account be gone."""
        del self._people[owner.email]


class PageHouse(House):
    """Everything behind the pages."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.accounts = LoginStore()
        self.sessions = MemorySessions()
        self.services = dataclasses.replace(
            self.services,
            settings=settings,
            sessions=self.sessions,
            accounts=Accounts(self.accounts, clock=self.clock, passwords=Passwords(_QUICK)),
        )

    async def theatre(self, organizer: Organizer, **sections: int) -> Venue:
        """A venue with these sections, each one row A of so many seats."""
        plans = [SectionPlan(name=name, rows=1, seats=seats) for name, seats in sections.items()]
        seat_map = seat_map_from_plans(plans)
        assert isinstance(seat_map, SeatMap), seat_map
        draft = VenueDraft("Theatre", timezone="Europe/Vienna", address="Ring 1")
        made = await self.venues.create(ANNA.id, organizer.slug, draft, seat_map)
        assert isinstance(made, Venue), made
        return made

    async def shared_capacity(
        self, organizer: Organizer, *, name: str = "Hall", capacity: int = 500
    ) -> InventoryId:
        """A capacity that ticket types can share."""
        made = await self.capacities.create(ANNA.id, organizer.slug, name=name, capacity=capacity)
        assert isinstance(made, Offer), made
        return made.inventory_id

    def code_of(self, ticket_type_id: TicketTypeId) -> str:
        """The code in a ticket type's purchase URL."""
        found = self.catalogue.ticket_type(ticket_type_id)
        assert found is not None
        return found.profile.code
