"""Owners' organizers: the list, a new one, their orders and their figures."""

from collections.abc import AsyncIterator
from typing import Final, Literal

from aiohttp import hdrs, web
from msgspec import UNSET

from ticketd.core.catalogue import Organizer
from ticketd.core.ids import ID_MAX, EventId
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.services.management import Order
from ticketd.services.order_lists import csv_lines
from ticketd.services.statistics import StatisticsReport
from ticketd.web.api import owner_shapes, paging, shapes
from ticketd.web.api.auth import owner_id_of
from ticketd.web.api.bodies import BodyReader
from ticketd.web.api.description import Operation, Parameter, describes
from ticketd.web.api.paging import Listing
from ticketd.web.api.presenters import API, created_answer, order_shape, organizer_shape, private_answer
from ticketd.web.context import SERVICES
from ticketd.web.parsing import RefusedRequest, granted, query_text
from ticketd.web.problems import PRIVATE_HEADERS, problem

_ORGANIZERS: Final = Listing[Organizer](lambda each: (each.name, each.id), kind=tuple[str, int])
_FORMATS: Final = ("json", "csv")

_new_organizer: Final = BodyReader(owner_shapes.NewOrganizer)


@describes(
    Operation(
        tag="Organizers",
        answers={200: shapes.Page[shapes.Organizer]},
        reasons=(Reason.INVALID,),
        parameters=paging.PARAMETERS,
        for_owners=True,
    )
)
async def list_organizers(request: web.Request) -> web.StreamResponse:
    """The organizers that the owner may act for, by name."""
    owner_id = await owner_id_of(request)
    page = _ORGANIZERS.page(request, await request.app[SERVICES].management.organizers_of(owner_id))
    return private_answer(shapes.Page(tuple(organizer_shape(each) for each in page.items), page.next))


@describes(
    Operation(
        tag="Organizers",
        body=owner_shapes.NewOrganizer,
        answers={201: shapes.Organizer},
        reasons=(Reason.SLUG_TAKEN, Reason.INVALID),
        for_owners=True,
    )
)
async def create_organizer(request: web.Request) -> web.StreamResponse:
    """Make an organizer that the owner may act for."""
    owner_id = await owner_id_of(request)
    body = await _new_organizer.read(request)
    created = granted(
        await request.app[SERVICES].management.create_organizer(
            owner_id, name=body.name, slug=None if body.slug is UNSET else body.slug
        )
    )
    return created_answer(organizer_shape(created), location=f"{API}/organizers/{created.slug}")


@describes(
    Operation(
        tag="Organizers",
        answers={200: shapes.Page[owner_shapes.Order]},
        reasons=(Reason.NOT_FOUND, Reason.INVALID),
        parameters=(
            *paging.PARAMETERS,
            Parameter(
                "format",
                "query",
                {"type": "string", "enum": list(_FORMATS), "default": "json"},
                "`csv` is the whole list as text/csv, in one piece.",
            ),
        ),
        for_owners=True,
    )
)
async def list_orders(request: web.Request) -> web.StreamResponse:
    """Reservations whose payment was ever started, newest first, with their guests."""
    owner_id = await owner_id_of(request)
    slug, management = request.match_info["slug"], request.app[SERVICES].management
    if _format(request) == "csv":
        orders = await management.all_orders(owner_id, slug)
        return problem(orders) if isinstance(orders, Refusal) else await _stream_csv(request, slug, orders)
    page = granted(
        await management.orders(
            owner_id, slug, cursor=paging.cursor_of(request), limit=paging.limit_of(request)
        )
    )
    return private_answer(shapes.Page(tuple(order_shape(order) for order in page.items), page.next))


@describes(
    Operation(
        tag="Organizers",
        answers={200: StatisticsReport},
        reasons=(Reason.NOT_FOUND, Reason.INVALID),
        parameters=(
            Parameter("organizer", "query", {"type": "string"}, "The slug of one organizer."),
            Parameter("event_id", "query", {"type": "integer"}, "One event."),
            Parameter("ticket_type_name", "query", {"type": "string"}, "Ticket types of one name."),
        ),
        for_owners=True,
    )
)
async def get_statistics(request: web.Request) -> web.StreamResponse:
    """What is held and sold, and what it brought: in all, by event, by ticket type, by its name."""
    owner_id = await owner_id_of(request)
    report = granted(
        await request.app[SERVICES].statistics.of(
            owner_id,
            organizer=query_text(request, "organizer"),
            event_id=_event_id(request),
            ticket_type_name=query_text(request, "ticket_type_name"),
        )
    )
    return private_answer(report)


def _format(request: web.Request) -> Literal["json", "csv"]:
    match request.query.get("format", "json"):
        case "json":
            return "json"
        case "csv":
            return "csv"
        case _:
            raise RefusedRequest(invalid("format", f"This must be one of {', '.join(_FORMATS)}."))


def _event_id(request: web.Request) -> EventId | None:
    text = request.query.get("event_id")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(ID_MAX)) and int(text) <= ID_MAX):
        raise RefusedRequest(invalid("event_id", "This must be the number of an event."))
    return EventId(int(text))


async def _stream_csv(request: web.Request, slug: str, orders: AsyncIterator[Order]) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            **PRIVATE_HEADERS,
            hdrs.CONTENT_TYPE: "text/csv; charset=utf-8",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{slug}-orders.csv"',
        }
    )
    await response.prepare(request)
    async for text in csv_lines(orders):
        try:
            await response.write(text.encode())
        except ConnectionError:  # whoever has left needs no more
            break
    return response
