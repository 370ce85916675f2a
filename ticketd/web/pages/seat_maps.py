"""A venue's seat map: `/{organizer}/venues/{venue_id}/seat-map`, to be built or imported, and taken home.

Its forms say by `source` where the map comes from (`builder` or `import`) and by `action` what to do with
it: `preview`, or `save` (also when it is missing).
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from aiohttp import hdrs, web

from ticketd.core.catalogue import Venue
from ticketd.core.refusals import FieldError, Refusal
from ticketd.core.seat_maps import SeatMap
from ticketd.services.seat_maps.csv_export import seat_map_to_csv
from ticketd.services.seat_maps.files import seat_map_from_text, seat_map_to_json
from ticketd.web.context import SERVICES
from ticketd.web.pages.builder_form import builder_lines, built_from, values_of
from ticketd.web.pages.fields import Field, FormState, filled
from ticketd.web.pages.guards import Desk, desk_page
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.venue_plans import VenuePlan, venue_plan_of
from ticketd.web.pages.venues import own_venue, venue_path
from ticketd.web.parsing import WHOLE_HALL, read_form
from ticketd.web.subjects import not_found

_IMPORT: Final = "import"
_IMPORT_FIELDS: Final = (
    Field(
        name="seat_map",
        label="JSON or CSV",
        kind="textarea",
        required=True,
        attributes={"spellcheck": "false", "class": "code"},
    ),
)


class SeatMapView(msgspec.Struct, frozen=True):
    """The ways to a new version of a venue's seat map."""

    venue: str
    venue_path: str
    preview: VenuePlan | None
    lines: Sequence[Sequence[Field]]
    """Of the builder, one a section."""
    import_fields: Sequence[Field]
    error: str
    errors: Sequence[FieldError]
    """What is wrong with an import, place by place; the builder shows it in its fields."""


@desk_page
async def show_seat_map_forms(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The builder with the newest version, if it can describe that, and the import."""
    venue = own_venue(request, desk)
    seat_map = await request.app[SERVICES].venues.seat_map(venue)
    form = {} if seat_map is None else await asyncio.to_thread(values_of, seat_map)
    return _page(request, desk, venue, FormState(form))


@desk_page
async def send_seat_map(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Show what a form describes, or make it the newest version."""
    venue = own_venue(request, desk)
    form = await read_form(request, WHOLE_HALL)
    # Tens of thousands of seats take a while.
    seat_map = await asyncio.to_thread(_described, form)
    if isinstance(seat_map, Refusal):
        return _page(request, desk, venue, FormState(form, seat_map))
    if form.get("action") == "preview":
        return _page(request, desk, venue, FormState(form), preview=await venue_plan_of(seat_map))
    saved = await request.app[SERVICES].venues.change(desk.owner.id, venue.id, seat_map=seat_map)
    if isinstance(saved, Refusal):
        return _page(request, desk, venue, FormState(form, saved))
    return see_other(venue_path(desk, venue), done="saved")


@desk_page
async def download_json(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The newest version as JSON."""
    seat_map = await _newest(request, desk)
    return _file("seat-map.json", "application/json", await asyncio.to_thread(seat_map_to_json, seat_map))


@desk_page
async def download_csv(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The newest version as CSV."""
    seat_map = await _newest(request, desk)
    text = await asyncio.to_thread(seat_map_to_csv, seat_map)
    return _file("seat-map.csv", "text/csv", text.encode())


def _described(form: Mapping[str, str]) -> SeatMap | Refusal:
    return seat_map_from_text(form.get("seat_map", "")) if _is_import(form) else built_from(form)


def _is_import(form: Mapping[str, str]) -> bool:
    return form.get("source") == _IMPORT


async def _newest(request: web.Request, desk: Desk) -> SeatMap:
    seat_map = await request.app[SERVICES].venues.seat_map(own_venue(request, desk))
    if seat_map is None:
        raise not_found()
    return seat_map


def _file(name: str, kind: str, content: bytes) -> web.Response:
    headers = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)


def _page(
    request: web.Request, desk: Desk, venue: Venue, state: FormState, *, preview: VenuePlan | None = None
) -> web.StreamResponse:
    view = SeatMapView(
        venue.name,
        venue_path(desk, venue),
        preview,
        builder_lines(state.values, state.errors),
        filled(_IMPORT_FIELDS, state.values),
        state.sentence,
        state.errors if _is_import(state.values) else (),
    )
    return render(request, "seat_map.html", view, refusal=state.refusal, masthead=desk.masthead)
