"""Owners' shared capacities."""

from typing import Final

from aiohttp import web

from ticketd.core.ids import InventoryId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason
from ticketd.core.terms import TermsPatch
from ticketd.web.api import owner_shapes, paging, shapes
from ticketd.web.api.auth import owner_id_of
from ticketd.web.api.bodies import BodyReader
from ticketd.web.api.description import Operation
from ticketd.web.api.paging import Listing
from ticketd.web.api.presenters import API, capacity_shape, created_answer, deleted_answer, private_answer
from ticketd.web.context import SERVICES
from ticketd.web.parsing import granted, path_id

_CAPACITIES: Final = Listing[Offer](lambda each: (each.inventory_id,), kind=tuple[int])

_new_capacity: Final = BodyReader(owner_shapes.NewCapacity)
_capacity_change: Final = BodyReader(owner_shapes.CapacityChange)


@Operation(
    tag="Shared capacities",
    answers={200: shapes.Page[owner_shapes.Capacity]},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    parameters=paging.PARAMETERS,
    for_owners=True,
)
async def list_capacities(request: web.Request) -> web.StreamResponse:
    """An organizer's shared capacities."""
    owner_id = await owner_id_of(request)
    offers = granted(
        await request.app[SERVICES].capacities.of_organizer(owner_id, request.match_info["slug"])
    )
    page = _CAPACITIES.page(request, offers)
    return private_answer(shapes.Page(tuple(capacity_shape(each) for each in page.items), page.next))


@Operation(
    tag="Shared capacities",
    body=owner_shapes.NewCapacity,
    answers={201: owner_shapes.Capacity},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    for_owners=True,
)
async def create_capacity(request: web.Request) -> web.StreamResponse:
    """Make a capacity that several ticket types can share."""
    owner_id = await owner_id_of(request)
    body = await _new_capacity.read(request)
    offer = granted(
        await request.app[SERVICES].capacities.create(
            owner_id, request.match_info["slug"], name=body.name, capacity=body.capacity
        )
    )
    return created_answer(capacity_shape(offer), location=f"{API}/capacities/{offer.inventory_id}")


@Operation(
    tag="Shared capacities",
    body=owner_shapes.CapacityChange,
    answers={200: owner_shapes.Capacity},
    reasons=(Reason.NOT_FOUND, Reason.CAPACITY_BELOW_SOLD, Reason.INVALID),
    for_owners=True,
)
async def change_capacity(request: web.Request) -> web.StreamResponse:
    """Change a shared capacity; all who draw on it follow at once."""
    owner_id = await owner_id_of(request)
    capacity_id = InventoryId(path_id(request, "capacity_id"))
    body = await _capacity_change.read(request)
    offer = granted(
        await request.app[SERVICES].capacities.change(
            owner_id, capacity_id, TermsPatch(name=body.name, capacity=body.capacity)
        )
    )
    return private_answer(capacity_shape(offer))


@Operation(
    tag="Shared capacities",
    answers={204: None},
    reasons=(Reason.NOT_FOUND, Reason.HAS_SALES),
    for_owners=True,
)
async def delete_capacity(request: web.Request) -> web.StreamResponse:
    """Delete a shared capacity; only while no ticket type draws on it."""
    owner_id = await owner_id_of(request)
    capacity_id = InventoryId(path_id(request, "capacity_id"))
    refusal = await request.app[SERVICES].capacities.delete(owner_id, capacity_id)
    return deleted_answer(refusal)
