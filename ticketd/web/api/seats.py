"""Which seats of a ticket type are free."""

import re
from typing import Final

import msgspec
from aiohttp import web

from ticketd.core.ids import SeatId
from ticketd.core.refusals import Reason, invalid
from ticketd.core.seat_status import SeatStatus
from ticketd.core.seat_views import SeatView
from ticketd.web.api.description import Operation, Parameter
from ticketd.web.api.seat_sheets import SeatSheets
from ticketd.web.api.seat_text import changes_text
from ticketd.web.context import SERVICES, Services
from ticketd.web.parsing import RefusedRequest
from ticketd.web.rendered import Rendered, Text
from ticketd.web.subjects import not_found, ticket_type_named

CHANGES_MAX: Final = 1000
"""When more seats have changed, all are sent: that sheet is the same for everybody."""

_VERSION: Final = re.compile(r"[0-9]{1,18}")
_SHEETS: Final = web.AppKey("seat_sheets", SeatSheets)


class Seat(msgspec.Struct, frozen=True, omit_defaults=True):
    """One place to sit; one unit of `x` and `y` is the width of a seat, and `y` grows away from the stage."""

    id: SeatId
    section: str
    row: str
    number: str
    x: float
    y: float
    status: SeatStatus
    accessible: bool
    companion: bool = False
    """It is beside an accessible one, for who comes along."""


class Seats(msgspec.Struct, frozen=True):
    """Some or all seats as of a version, which later changes can be asked for with."""

    version: int
    seats: tuple[Seat, ...]


def setup(app: web.Application, services: Services) -> None:
    """Make room for the sheets that are being looked at."""
    app[_SHEETS] = SeatSheets(services.clock)


@Operation(
    tag="Offers",
    answers={200: Seats, 304: None},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    parameters=(
        Parameter(
            "since",
            "query",
            {"type": "integer", "minimum": 0},
            "The version of an earlier answer: only the seats that changed after it are sent, or all"
            " seats if that is too long ago.",
        ),
    ),
)
async def get_seats(request: web.Request) -> web.StreamResponse:
    """The seats of a ticket type that is sold by the seat."""
    services = request.app[SERVICES]
    ticket_type = ticket_type_named(services.catalogue, request.match_info["ticket_type_id"])
    since = _since(request)
    inventory_id = ticket_type.inventory_id
    view = services.router.seats(inventory_id)
    if view is None and ticket_type.is_seated:
        await services.offers.one(ticket_type)
        view = services.router.seats(inventory_id)
    if view is None:
        raise not_found()
    rendered: Rendered | None = None if since is None else _changes(view, since)
    return (rendered or await request.app[_SHEETS].read(inventory_id, view)).answer(request.headers)


def _since(request: web.Request) -> int | None:
    text = request.query.get("since")
    if text is None:
        return None
    if _VERSION.fullmatch(text) is None:
        raise RefusedRequest(invalid("since", "This must be the version of an earlier answer."))
    return int(text)


def _changes(view: SeatView, since: int) -> Text | None:
    changed = view.changed_since(since, at_most=CHANGES_MAX)
    return None if changed is None else Text(changes_text(view, changed))
