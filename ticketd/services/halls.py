"""Halls for ticket types to be: which seats they cover, and that nobody else covers them."""

import asyncio
from collections.abc import Collection, Sequence

from ticketd.core.catalogue import Event
from ticketd.core.hall import Hall, UnknownSeat, UnknownSection
from ticketd.core.ids import SeatId, SeatMapId, seat_id_of
from ticketd.core.refusals import Refusal, invalid
from ticketd.core.seat_maps import SeatMap
from ticketd.ports import Router
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import TicketTypeDraft
from ticketd.services.offers import Offers
from ticketd.storage.venues import VenueStore


class Halls:
    """Makes halls from the seat map of an event's venue."""

    def __init__(self, *, catalogue: Catalogue, venues: VenueStore, router: Router) -> None:
        self._catalogue = catalogue
        self._venues = venues
        self._offers = Offers(router)

    async def hall_for(self, draft: TicketTypeDraft, event: Event | None) -> tuple[Hall, SeatMapId] | Refusal:
        """The draft's seats, and the map they come from; errors name fields like `sections[1]`."""
        venue = None if event is None else self._catalogue.venue_of(event)
        if event is None or venue is None or venue.seat_map_id is None:
            return invalid("event_id", "Seats are sold for an event whose venue has a seat map.")
        seat_map = await self._venues.seat_map(venue.seat_map_id)
        others = await self._offers.of(self._catalogue.ticket_types_of_event(event.id))
        halls = [offer.hall for offer in others.values() if offer.hall is not None]
        # Tens of thousands of seats take a while.
        hall = await asyncio.to_thread(_hall, draft, seat_map, halls)
        return hall if isinstance(hall, Refusal) else (hall, venue.seat_map_id)


def _hall(draft: TicketTypeDraft, seat_map: SeatMap, others: Sequence[Hall]) -> Hall | Refusal:
    twice = _named_twice("seats", draft.seats) or _named_twice("sections", draft.sections)
    if twice is not None:
        return twice
    try:
        hall = Hall.of(seat_map, sections=draft.sections, seats=draft.seats)
    except UnknownSection as error:
        return _unknown("sections", draft.sections, error)
    except UnknownSeat as error:
        return _unknown("seats", draft.seats, error)
    if not hall.sellable:
        return invalid("seats" if draft.seats else "sections", "None of these seats is for sale.")
    taken = _first_in_another(hall, others)
    if taken is not None:
        return invalid(_field_of(taken, draft), f"Another ticket type of this event has the seat {taken}.")
    hall.encode()  # it is kept, and nobody waits for it later
    return hall


def _named_twice(field: str, names: Sequence[str]) -> Refusal | None:
    known: set[str] = set()
    for number, name in enumerate(names):
        if name in known:
            return invalid(f"{field}[{number}]", f"{name} is named twice.")
        known.add(name)
    return None


def _unknown(field: str, named: Sequence[str], error: LookupError) -> Refusal:
    name: str = error.args[0]
    return invalid(f"{field}[{named.index(name)}]", f"The seat map has no {name}.")


def _first_in_another(hall: Hall, others: Collection[Hall]) -> SeatId | None:
    rows = {(row.section, row.name) for other in others for row in other.rows}
    for row in hall.rows:
        if (row.section, row.name) not in rows:
            continue
        for number in row.numbers:
            seat_id = seat_id_of(row.section, row.name, number)
            if any(other.find(seat_id) is not None for other in others):
                return seat_id
    return None


def _field_of(seat_id: SeatId, draft: TicketTypeDraft) -> str:
    section = seat_id.partition("-")[0]
    if section in draft.sections:
        return f"sections[{draft.sections.index(section)}]"
    return f"seats[{draft.seats.index(seat_id)}]"
