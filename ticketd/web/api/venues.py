"""Owners' venues and their seat maps."""

import asyncio
from typing import Final

import msgspec
from aiohttp import web
from msgspec import UNSET

from ticketd.core.catalogue import Venue
from ticketd.core.ids import VenueId
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.seat_maps import SeatMap
from ticketd.services.seat_maps.csv_import import seat_map_from_csv
from ticketd.services.seat_maps.documents import SeatMapDocument
from ticketd.services.seat_maps.files import seat_map_from_json, seat_map_to_json
from ticketd.services.venues import VenueDraft, VenuePatch
from ticketd.web.api import owner_shapes, paging, shapes
from ticketd.web.api.auth import owner_id_of
from ticketd.web.api.bodies import BodyReader
from ticketd.web.api.description import Operation
from ticketd.web.api.paging import Listing
from ticketd.web.api.presenters import API, created_answer, deleted_answer, private_answer, venue_shape
from ticketd.web.context import SERVICES, Services
from ticketd.web.parsing import WHOLE_HALL, RefusedRequest, granted, media_type, path_id, read_body

_VENUES: Final = Listing[Venue](lambda each: (each.name, each.id), kind=tuple[str, int])
_CSV: Final = "text/csv"

_new_venue: Final = BodyReader(owner_shapes.NewVenue, WHOLE_HALL)
_venue_change: Final = BodyReader(owner_shapes.VenueChange, WHOLE_HALL)
_seat_map: Final = BodyReader(SeatMapDocument, WHOLE_HALL)


@Operation(
    tag="Venues",
    answers={200: shapes.Page[owner_shapes.OwnVenue]},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    parameters=paging.PARAMETERS,
    for_owners=True,
)
async def list_venues(request: web.Request) -> web.StreamResponse:
    """An organizer's venues, by name."""
    owner_id = await owner_id_of(request)
    services = request.app[SERVICES]
    venues = granted(await services.venues.of_organizer(owner_id, request.match_info["slug"]))
    page = _VENUES.page(request, venues)
    shown = tuple(venue_shape(*each) for each in await services.venues.measured(page.items))
    return private_answer(shapes.Page(shown, page.next))


@Operation(
    tag="Venues",
    body=owner_shapes.NewVenue,
    answers={201: owner_shapes.OwnVenue},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    for_owners=True,
)
async def create_venue(request: web.Request) -> web.StreamResponse:
    """Make a venue, with or without a seat map."""
    owner_id = await owner_id_of(request)
    body = await _new_venue.read(request)
    services = request.app[SERVICES]
    draft = VenueDraft(body.name, body.timezone, body.address)
    seat_map = None if body.seat_map is None else await _seat_map_of(body.seat_map)
    venue = granted(await services.venues.create(owner_id, request.match_info["slug"], draft, seat_map))
    return created_answer(await _shape(services, venue), location=f"{API}/venues/{venue.id}")


@Operation(
    tag="Venues",
    answers={200: owner_shapes.VenueWithMap},
    reasons=(Reason.NOT_FOUND,),
    for_owners=True,
)
async def get_venue(request: web.Request) -> web.StreamResponse:
    """A venue with its whole seat map, as it can be sent back."""
    services, venue = await _own_venue(request)
    (measured,) = await services.venues.measured([venue])
    shape = owner_shapes.VenueWithMap(
        id=venue.id,
        name=venue.name,
        address=venue.address,
        timezone=venue.timezone,
        seat_map_version=None if measured.seat_map is None else measured.seat_map.version,
        seat_map=await asyncio.to_thread(_document, await services.venues.seat_map(venue)),
    )
    return private_answer(shape)


@Operation(
    tag="Venues",
    body=owner_shapes.VenueChange,
    answers={200: owner_shapes.OwnVenue},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    for_owners=True,
)
async def change_venue(request: web.Request) -> web.StreamResponse:
    """Change a venue; what is on sale already keeps the seats that it has."""
    owner_id = await owner_id_of(request)
    venue_id = VenueId(path_id(request, "venue_id"))
    body = await _venue_change.read(request)
    services = request.app[SERVICES]
    patch = VenuePatch(name=body.name, timezone=body.timezone, address=body.address)
    seat_map = None if body.seat_map is UNSET else await _seat_map_of(body.seat_map)
    venue = granted(await services.venues.change(owner_id, venue_id, patch, seat_map))
    return private_answer(await _shape(services, venue))


@Operation(
    tag="Venues",
    body=SeatMapDocument,
    text_body=_CSV,
    answers={200: owner_shapes.OwnVenue},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    for_owners=True,
)
async def put_seat_map(request: web.Request) -> web.StreamResponse:
    """Give a venue a seat map, or a new version of it."""
    services, known = await _own_venue(request)
    if media_type(request.headers) == _CSV:
        seat_map = await _seat_map_of_csv(await read_body(request, WHOLE_HALL))
    else:
        seat_map = await _seat_map_of(await _seat_map.read(request), is_body=True)
    venue = granted(await services.venues.change(await owner_id_of(request), known.id, seat_map=seat_map))
    return private_answer(await _shape(services, venue))


@Operation(
    tag="Venues",
    answers={204: None},
    reasons=(Reason.NOT_FOUND, Reason.HAS_SALES),
    for_owners=True,
)
async def delete_venue(request: web.Request) -> web.StreamResponse:
    """Delete a venue; only while no event takes place there."""
    owner_id = await owner_id_of(request)
    venue_id = VenueId(path_id(request, "venue_id"))
    refusal = await request.app[SERVICES].venues.delete(owner_id, venue_id)
    return deleted_answer(refusal)


async def _own_venue(request: web.Request) -> tuple[Services, Venue]:
    owner_id = await owner_id_of(request)
    services = request.app[SERVICES]
    venue = granted(await services.access.venue(owner_id, VenueId(path_id(request, "venue_id"))))
    return services, venue


async def _shape(services: Services, venue: Venue) -> owner_shapes.OwnVenue:
    (measured,) = await services.venues.measured([venue])
    return venue_shape(*measured)


def _document(seat_map: SeatMap | None) -> msgspec.Raw:
    return msgspec.Raw(b"null" if seat_map is None else seat_map_to_json(seat_map))


async def _seat_map_of(document: SeatMapDocument, *, is_body: bool = False) -> SeatMap:
    seat_map = await asyncio.to_thread(seat_map_from_json, document)
    if is_body and isinstance(seat_map, Refusal):
        seat_map = _without_root(seat_map)
    return granted(seat_map)


def _without_root(refusal: Refusal) -> Refusal:
    """Errors name fields as they stand in a body that is the seat map itself."""
    errors = [
        msgspec.structs.replace(error, field=error.field.removeprefix("seat_map."))
        for error in refusal.errors
    ]
    return msgspec.structs.replace(refusal, errors=tuple(errors))


async def _seat_map_of_csv(body: bytes) -> SeatMap:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise RefusedRequest(Refusal(Reason.MALFORMED, "The text isn't in UTF-8.")) from error
    return granted(await asyncio.to_thread(seat_map_from_csv, text))
