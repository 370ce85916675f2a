"""An organizer's shared capacities: `/{organizer}/capacities` and `/{organizer}/capacities/{capacity_id}`.

The second has one form address, told apart by `action`: `save` (also when it is missing) or `delete`.
"""

from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from ticketd.core.ids import InventoryId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.core.terms import TermsPatch
from ticketd.services.drafts import CAPACITY_MAX
from ticketd.services.texts import NAME_LENGTH_MAX
from ticketd.web.context import SERVICES
from ticketd.web.pages.fields import Field, FormState, filled
from ticketd.web.pages.guards import Desk, desk_page
from ticketd.web.pages.paging import Pager, page_of
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.ticket_type_rows import TicketTypeRow, ticket_type_rows
from ticketd.web.pages.typed import Typed
from ticketd.web.parsing import path_id, read_form
from ticketd.web.subjects import not_found

_LISTED_MAX = 100


class CapacityRow(msgspec.Struct, frozen=True):
    """A shared capacity in the list."""

    name: str
    path: str
    capacity: str
    sold: str
    held: str
    ticket_types: Sequence[tuple[str, str]]
    """What draws on it: names and paths."""


class CapacitiesView(msgspec.Struct, frozen=True):
    """The list, and the form for one more."""

    organizer: str
    rows: Sequence[CapacityRow]
    pager: Pager
    fields: Sequence[Field]
    error: str


class CapacityView(msgspec.Struct, frozen=True):
    """One shared capacity with what draws on it, and the form that changes it."""

    name: str
    list_path: str
    tickets_path: str
    figures: Sequence[tuple[str, str]]
    rows: Sequence[TicketTypeRow]
    fields: Sequence[Field]
    error: str


@desk_page
async def list_capacities(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The organizer's shared capacities."""
    return await _list(request, desk, FormState())


@desk_page
async def create_capacity(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Create a shared capacity, and show it in the list."""
    form = await read_form(request)
    typed = Typed(form)
    capacity = typed.whole("capacity")
    if "capacity" not in form:
        typed.missing("capacity", "Please enter how many there are.")
    if typed.errors or not isinstance(capacity, int):
        refusal = Refusal(Reason.INVALID, errors=tuple(typed.errors))
        return await _list(request, desk, FormState(form, refusal))
    made = await request.app[SERVICES].capacities.create(
        desk.owner.id, desk.organizer.slug, name=form.get("name", ""), capacity=capacity
    )
    if isinstance(made, Refusal):
        return await _list(request, desk, FormState(form, made))
    return see_other(f"{desk.path}/capacities", done="created")


@desk_page
async def show_capacity(request: web.Request, desk: Desk) -> web.StreamResponse:
    """One shared capacity."""
    return await _page(request, desk, FormState())


@desk_page
async def change_capacity(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Change a shared capacity, or delete it."""
    await _own_offer(request, desk)
    form = await read_form(request)
    return (
        await _delete(request, desk) if form.get("action") == "delete" else await _save(request, desk, form)
    )


async def _delete(request: web.Request, desk: Desk) -> web.StreamResponse:
    refusal = await request.app[SERVICES].capacities.delete(desk.owner.id, _capacity_id(request))
    if refusal is not None:
        return await _page(request, desk, FormState(refusal=refusal))
    return see_other(f"{desk.path}/capacities", done="deleted")


async def _save(request: web.Request, desk: Desk, form: Mapping[str, str]) -> web.StreamResponse:
    typed = Typed(form)
    patch = TermsPatch(name=typed.text("name"), capacity=typed.whole("capacity"))
    if typed.errors:
        refusal = Refusal(Reason.INVALID, errors=tuple(typed.errors))
        return await _page(request, desk, FormState(form, refusal))
    capacity_id = _capacity_id(request)
    changed = await request.app[SERVICES].capacities.change(desk.owner.id, capacity_id, patch)
    if isinstance(changed, Refusal):
        return await _page(request, desk, FormState(form, changed))
    return see_other(f"{desk.path}/capacities/{capacity_id}", done="saved")


def _capacity_id(request: web.Request) -> InventoryId:
    return InventoryId(path_id(request, "capacity_id"))


async def _own_offer(request: web.Request, desk: Desk) -> Offer:
    services, capacity_id = request.app[SERVICES], _capacity_id(request)
    capacity = services.catalogue.capacity(capacity_id)
    if capacity is None or capacity.profile.organizer_id != desk.organizer.id:
        raise not_found()
    offer = (await services.router.offers([capacity_id])).get(capacity_id)
    if offer is None:
        raise not_found()
    return offer


async def _list(request: web.Request, desk: Desk, state: FormState) -> web.StreamResponse:
    services = request.app[SERVICES]
    shown, pager = page_of(
        request, services.catalogue.capacities_of_organizer(desk.organizer.id), size=_LISTED_MAX
    )
    offers = await services.router.offers(each.id for each in shown)
    view = CapacitiesView(
        desk.organizer.name,
        [_row(desk, offers[each.id]) for each in shown if each.id in offers],
        pager,
        _fields(state.values, state.errors),
        state.sentence,
    )
    return render(request, "capacities.html", view, refusal=state.refusal, masthead=desk.masthead)


def _row(desk: Desk, offer: Offer) -> CapacityRow:
    figures = offer.figures
    return CapacityRow(
        offer.terms.name,
        f"{desk.path}/capacities/{offer.inventory_id}",
        f"{figures.capacity:,}",
        f"{figures.sold:,}",
        f"{figures.in_baskets:,}",
        [(shelf.terms.name, f"{desk.path}/tickets/{shelf.ticket_type_id}") for shelf in offer.shelves],
    )


async def _page(request: web.Request, desk: Desk, state: FormState) -> web.StreamResponse:
    offer = await _own_offer(request, desk)
    services, figures, terms = request.app[SERVICES], offer.figures, offer.terms
    known = {"name": terms.name, "capacity": str(terms.capacity)}
    view = CapacityView(
        terms.name,
        f"{desk.path}/capacities",
        f"{desk.path}/tickets",
        (
            ("Capacity", f"{figures.capacity:,}"),
            ("Purchased", f"{figures.sold:,}"),
            ("Held", f"{figures.in_baskets:,}"),
            ("Available", f"{figures.free:,}"),
        ),
        await ticket_type_rows(services, desk, services.catalogue.ticket_types_on(offer.inventory_id)),
        _fields(known | dict(state.values), state.errors),
        state.sentence,
    )
    return render(request, "capacity.html", view, refusal=state.refusal, masthead=desk.masthead)


def _fields(values: Mapping[str, str], errors: Sequence[FieldError]) -> Sequence[Field]:
    fields = (
        Field(
            name="name",
            label="Name",
            hint="What you call it; guests don't see it.",
            required=True,
            attributes={"maxlength": str(NAME_LENGTH_MAX)},
        ),
        Field(
            name="capacity",
            label="Capacity",
            hint="How many can be sold of all its ticket types together.",
            kind="number",
            required=True,
            attributes={"min": "1", "max": str(CAPACITY_MAX), "inputmode": "numeric"},
        ),
    )
    return filled(fields, values, errors)
