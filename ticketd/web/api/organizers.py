"""Owners' organizers: the list, and a new one."""

from typing import Final

from aiohttp import web
from msgspec import UNSET

from ticketd.core.catalogue import Organizer
from ticketd.core.refusals import Reason
from ticketd.web.api import owner_shapes, paging, shapes
from ticketd.web.api.auth import owner_id_of
from ticketd.web.api.bodies import BodyReader
from ticketd.web.api.description import Operation
from ticketd.web.api.paging import Listing
from ticketd.web.api.presenters import API, created_answer, organizer_shape, private_answer
from ticketd.web.context import SERVICES
from ticketd.web.parsing import granted

_ORGANIZERS: Final = Listing[Organizer](lambda each: (each.name, each.id), kind=tuple[str, int])

_new_organizer: Final = BodyReader(owner_shapes.NewOrganizer)


@Operation(
    tag="Organizers",
    answers={200: shapes.Page[shapes.Organizer]},
    reasons=(Reason.INVALID,),
    parameters=paging.PARAMETERS,
    for_owners=True,
)
async def list_organizers(request: web.Request) -> web.StreamResponse:
    """The organizers that the owner may act for, by name."""
    owner_id = await owner_id_of(request)
    page = _ORGANIZERS.page(request, await request.app[SERVICES].access.organizers_of(owner_id))
    return private_answer(shapes.Page(tuple(organizer_shape(each) for each in page.items), page.next))


@Operation(
    tag="Organizers",
    body=owner_shapes.NewOrganizer,
    answers={201: shapes.Organizer},
    reasons=(Reason.SLUG_TAKEN, Reason.INVALID),
    for_owners=True,
)
async def create_organizer(request: web.Request) -> web.StreamResponse:
    """Make an organizer that the owner may act for."""
    owner_id = await owner_id_of(request)
    body = await _new_organizer.read(request)
    created = granted(
        await request.app[SERVICES].organizers.create(
            owner_id, name=body.name, slug=None if body.slug is UNSET else body.slug
        )
    )
    return created_answer(organizer_shape(created), location=f"{API}/organizers/{created.slug}")
