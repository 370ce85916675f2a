"""Houses to sell in by the seat, as the pages' tests need them."""

from typing import Any

from tests.web.api.house import ANNA
from tests.web.pages.house import PageHouse
from ticketd.core.catalogue import Event, Organizer, Venue
from ticketd.core.ids import TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.core.terms import Terms
from ticketd.services.drafts import TicketTypeDraft, VenueDraft
from ticketd.services.seat_maps.builder import SectionPlan, seat_map_from_plans


async def evening_in(house: PageHouse, seat_map: SeatMap, **event: Any) -> tuple[Organizer, Event]:
    """Mario's event in a venue with this seat map."""
    mario = await house.organizer("mario")
    draft = VenueDraft("Theatre", timezone="Europe/Vienna", address="Ring 1")
    venue = await house.venues.create(ANNA.id, mario.slug, draft, seat_map)
    assert isinstance(venue, Venue), venue
    return mario, await house.event(mario, venue_id=venue.id, **event)


async def seated(
    house: PageHouse, organizer: Organizer, event: Event, *sections: str, **terms: Any
) -> tuple[str, TicketTypeId]:
    """A ticket type for these sections: its page's path, and its id."""
    draft = TicketTypeDraft(
        Terms(**{"name": "Seats", "capacity": 1, "price_cents": 4500, **terms}), event.id, sections=sections
    )
    offer = await house.ticket_types.create(ANNA.id, organizer.slug, draft)
    assert isinstance(offer, Offer), offer
    path = f"/{organizer.slug}/purchase/{house.code_of(offer.ticket_type_id)}"
    return path, offer.ticket_type_id


async def stalls(
    house: PageHouse, *, rows: int = 2, seats: int = 5, **terms: Any
) -> tuple[str, TicketTypeId]:
    """Rows A, B, … of the section Stalls, all for one price."""
    organizer, event = await evening_in(house, plain("Stalls", rows=rows, seats=seats))
    return await seated(house, organizer, event, "Stalls", **terms)


def plain(*sections: str, rows: int, seats: int) -> SeatMap:
    """Equal sections of plain rows."""
    seat_map = seat_map_from_plans([SectionPlan(name=name, rows=rows, seats=seats) for name in sections])
    assert isinstance(seat_map, SeatMap), seat_map
    return seat_map


def special() -> SeatMap:
    """One row: a wheelchair space, the companion's seat beside it, and one that is never sold."""
    seats = (
        Seat("1", 0.0, 0.0, accessible=True),
        Seat("2", 1.0, 0.0, companion=True),
        Seat("3", 2.0, 0.0, blocked=True),
        Seat("4", 3.0, 0.0),
    )
    return SeatMap((Section("Stalls", (Row("A", seats),)),))
