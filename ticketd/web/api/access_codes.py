"""Owners' access codes."""

from typing import Final
from urllib.parse import quote

from aiohttp import web

from ticketd.core.ids import TicketTypeId
from ticketd.core.outcomes import AccessCode
from ticketd.core.refusals import Reason
from ticketd.web.api import owner_shapes, paging, shapes
from ticketd.web.api.auth import owner_id_of
from ticketd.web.api.bodies import BodyReader
from ticketd.web.api.description import Operation
from ticketd.web.api.instants import InstantReader, timezone_of_event
from ticketd.web.api.paging import Listing
from ticketd.web.api.presenters import API, access_code_shape, created_answer, deleted_answer, private_answer
from ticketd.web.context import SERVICES
from ticketd.web.parsing import granted, path_id

_CODES: Final = Listing[AccessCode](lambda each: (each.code,), kind=tuple[str])

_new_access_code: Final = BodyReader(owner_shapes.NewAccessCode)


@Operation(
    tag="Access codes",
    answers={200: shapes.Page[owner_shapes.AccessCode]},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    parameters=paging.PARAMETERS,
    for_owners=True,
)
async def list_access_codes(request: web.Request) -> web.StreamResponse:
    """The codes that open a ticket type, by name."""
    owner_id = await owner_id_of(request)
    ticket_type_id = TicketTypeId(path_id(request, "ticket_type_id"))
    listed = granted(await request.app[SERVICES].access_codes.of_ticket_type(owner_id, ticket_type_id))
    page = _CODES.page(request, listed.codes)
    return private_answer(shapes.Page(tuple(access_code_shape(each) for each in page.items), page.next))


@Operation(
    tag="Access codes",
    body=owner_shapes.NewAccessCode,
    answers={201: owner_shapes.AccessCode},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    for_owners=True,
)
async def create_access_code(request: web.Request) -> web.StreamResponse:
    """Make or change a code; from the first one on, the ticket type is sold with codes only."""
    owner_id = await owner_id_of(request)
    ticket_type_id = TicketTypeId(path_id(request, "ticket_type_id"))
    body = await _new_access_code.read(request)
    services = request.app[SERVICES]
    known = granted(await services.access.ticket_type(owner_id, ticket_type_id))
    instants = InstantReader(timezone_of_event(services.catalogue, known.profile.event_id))
    code = granted(
        await services.access_codes.set(
            owner_id,
            ticket_type_id,
            code=body.code,
            capacity=body.capacity,
            until=instants.read_optional("until", body.until),
        )
    )
    location = f"{API}/ticket-types/{ticket_type_id}/access-codes/{quote(code.code, safe='')}"
    return created_answer(access_code_shape(code), location=location)


@Operation(
    tag="Access codes",
    answers={204: None},
    reasons=(Reason.NOT_FOUND,),
    for_owners=True,
)
async def delete_access_code(request: web.Request) -> web.StreamResponse:
    """Take a code back; what was sold with it stays sold."""
    owner_id = await owner_id_of(request)
    ticket_type_id = TicketTypeId(path_id(request, "ticket_type_id"))
    refusal = await request.app[SERVICES].access_codes.remove(
        owner_id, ticket_type_id, request.match_info["code"]
    )
    return deleted_answer(refusal)
