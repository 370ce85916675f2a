"""An organizer's venues: `/{organizer}/venues` and `/{organizer}/venues/{venue_id}`.

The second has one form address, told apart by `action`: `save` (also when it is missing) or `delete`.
"""

from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Venue
from ticketd.core.ids import VenueId
from ticketd.core.refusals import Refusal
from ticketd.services.venues import VenueDraft, VenuePatch, VenueWithMap
from ticketd.web.context import SERVICES
from ticketd.web.pages.fields import Field, FormState
from ticketd.web.pages.guards import Desk, desk_page
from ticketd.web.pages.paging import Pager, page_of
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.typed import Typed
from ticketd.web.pages.venue_forms import values_of, venue_fields
from ticketd.web.pages.venue_plans import VenuePlan, venue_plan_of
from ticketd.web.parsing import path_id, read_form
from ticketd.web.subjects import not_found

_LISTED_MAX = 100


class VenueRow(msgspec.Struct, frozen=True):
    """A venue in the list."""

    name: str
    path: str
    address: str
    seats: str


class VenuesView(msgspec.Struct, frozen=True):
    """The list, and the form for one more."""

    organizer: str
    rows: Sequence[VenueRow]
    pager: Pager
    fields: Sequence[Field]
    error: str


class VenueView(msgspec.Struct, frozen=True):
    """One venue with its seat map, and the form that changes it."""

    name: str
    list_path: str
    seat_map_path: str
    version: int
    plan: VenuePlan | None
    fields: Sequence[Field]
    error: str


@desk_page
async def list_venues(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The organizer's venues."""
    return await _list(request, desk, FormState())


@desk_page
async def create_venue(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Create a venue, and go on to its page."""
    form = await read_form(request)
    draft = VenueDraft(
        form.get("name", ""), timezone=form.get("timezone", "").strip(), address=form.get("address", "")
    )
    venue = await request.app[SERVICES].venues.create(desk.owner.id, desk.organizer.slug, draft)
    if isinstance(venue, Refusal):
        return await _list(request, desk, FormState(form, venue))
    return see_other(venue_path(desk, venue), done="created")


@desk_page
async def show_venue(request: web.Request, desk: Desk) -> web.StreamResponse:
    """One venue."""
    venue = own_venue(request, desk)
    return await _page(request, desk, venue, FormState())


@desk_page
async def change_venue(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Change a venue, or delete it with its seat maps."""
    venue = own_venue(request, desk)
    form = await read_form(request)
    if form.get("action") == "delete":
        return await _delete(request, desk, venue)
    return await _save(request, desk, venue, form)


def own_venue(request: web.Request, desk: Desk) -> Venue:
    """The venue in the address; RefusedRequest (not found) if it isn't this organizer's."""
    venue = request.app[SERVICES].catalogue.venue(VenueId(path_id(request, "venue_id")))
    if venue is None or venue.organizer_id != desk.organizer.id:
        raise not_found()
    return venue


def venue_path(desk: Desk, venue: Venue) -> str:
    """The page of one venue."""
    return f"{desk.path}/venues/{venue.id}"


async def _delete(request: web.Request, desk: Desk, venue: Venue) -> web.StreamResponse:
    refusal = await request.app[SERVICES].venues.delete(desk.owner.id, venue.id)
    if refusal is not None:
        return await _page(request, desk, venue, FormState(refusal=refusal))
    return see_other(f"{desk.path}/venues", done="deleted")


async def _save(
    request: web.Request, desk: Desk, venue: Venue, form: Mapping[str, str]
) -> web.StreamResponse:
    typed = Typed(form)
    patch = VenuePatch(
        name=typed.text("name"), timezone=typed.text("timezone"), address=typed.text("address")
    )
    changed = await request.app[SERVICES].venues.change(desk.owner.id, venue.id, patch)
    if isinstance(changed, Refusal):
        return await _page(request, desk, venue, FormState(form, changed))
    return see_other(venue_path(desk, venue), done="saved")


async def _list(request: web.Request, desk: Desk, state: FormState) -> web.StreamResponse:
    services = request.app[SERVICES]
    venues = services.catalogue.venues_of_organizer(desk.organizer.id)
    shown, pager = page_of(request, venues, size=_LISTED_MAX)
    view = VenuesView(
        desk.organizer.name,
        [_row(desk, each) for each in await services.venues.measured(shown)],
        pager,
        venue_fields(state.values, state.errors),
        state.sentence,
    )
    return render(request, "venues.html", view, refusal=state.refusal, masthead=desk.masthead)


def _row(desk: Desk, measured: VenueWithMap) -> VenueRow:
    venue, seat_map = measured
    seats = (
        "No seat map" if seat_map is None else f"{seat_map.seats:,} in {len(seat_map.sections):,} sections"
    )
    return VenueRow(venue.name, venue_path(desk, venue), venue.address, seats)


async def _page(request: web.Request, desk: Desk, venue: Venue, state: FormState) -> web.StreamResponse:
    venues = request.app[SERVICES].venues
    seat_map = await venues.seat_map(venue)
    (measured,) = await venues.measured([venue])
    view = VenueView(
        venue.name,
        f"{desk.path}/venues",
        f"{venue_path(desk, venue)}/seat-map",
        0 if measured.seat_map is None else measured.seat_map.version,
        None if seat_map is None else await venue_plan_of(seat_map),
        venue_fields(values_of(venue) | dict(state.values), state.errors),
        state.sentence,
    )
    return render(request, "venue.html", view, refusal=state.refusal, masthead=desk.masthead)
