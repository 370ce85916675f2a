"""The seats of a hall to choose from: sections first where there are many.

`?section=` (and `&part=` of a large one) shows the seats there; `?seat=` marks seats as chosen, so that they
can be carried from one section to the next.
"""

from collections.abc import Collection, Sequence
from urllib.parse import urlencode

import aiohttp_jinja2
import msgspec
from aiohttp import web

from ticketd.core.ids import SeatId
from ticketd.core.money import format_cents
from ticketd.core.outcomes import Offer
from ticketd.core.seat_status import FREE
from ticketd.core.seat_views import SeatView
from ticketd.web.api.presenters import API
from ticketd.web.pages.offers import most_at_once
from ticketd.web.pages.seat_drawings import seat_list, seat_map
from ticketd.web.pages.seat_names import seat_in_words, seats_in_words
from ticketd.web.pages.seat_plans import Part, SectionShape, overview_of, parts_of
from ticketd.web.pages.shop import Shop


class SectionLink(msgspec.Struct, frozen=True):
    """A section of a large hall, and what is left of it."""

    shape: SectionShape
    path: str
    count: int
    free: str
    level: str


class PartLink(msgspec.Struct, frozen=True):
    """Some rows of a large section."""

    name: str
    path: str
    current: bool


class ChosenSeat(msgspec.Struct, frozen=True):
    """A seat with the name that people give it."""

    id: SeatId
    name: str


class Picker(msgspec.Struct, frozen=True, kw_only=True):
    """The seats to choose from: the sections of a large hall, or a map and a list of single seats."""

    section: str
    """"" if there is no way back to an overview."""
    overview_path: str
    overview_view_box: str
    sections: Sequence[SectionLink]
    parts: Sequence[PartLink]
    map: str
    list: str
    elsewhere: Sequence[ChosenSeat]
    """Chosen, but not among those shown."""
    summary: str
    live_path: str
    version: int
    price_cents: int
    most: int


def picker_of(
    request: web.Request, shop: Shop, offer: Offer, view: SeatView, wanted: Collection[SeatId]
) -> Picker:
    """What the query shows of the hall, those of the `wanted` seats chosen that can be had."""
    hall, environment = view.hall, aiohttp_jinja2.get_env(request.app)
    parts = parts_of(hall)
    part, chosen = _part(request, parts), _chosen(view, wanted)
    here = frozenset(index for index in chosen if part is not None and part.first <= index < part.end)
    seats = [hall.seat_id(index) for index in chosen]
    carried = seats[: offer.terms.max_per_reservation]  # each link names them all: no more than can be had
    return Picker(
        section="" if part is None else part.section,
        overview_path=_path(shop.path, carried),
        overview_view_box=overview_of(hall).view_box if part is None else "",
        sections=_section_links(shop.path, view, carried) if part is None else (),
        parts=_part_links(shop.path, parts, part, carried),
        map="" if part is None else seat_map(environment, part, view, here),
        list="" if part is None else seat_list(environment, part, view, here),
        elsewhere=[
            ChosenSeat(seat, seat_in_words(seat))
            for index, seat in zip(chosen, seats, strict=True)
            if index not in here
        ],
        summary=_summary(seats, offer.terms.price_cents),
        live_path=f"{API}/ticket-types/{shop.ticket_type.id}/seats",
        version=view.version,
        price_cents=offer.terms.price_cents,
        most=most_at_once(offer, shop.event),
    )


def _part(request: web.Request, parts: Sequence[Part]) -> Part | None:
    """What the query asks for; the whole of a small hall; None for the overview of a large one."""
    if len(parts) == 1:
        return parts[0]
    of_section = [part for part in parts if part.section == request.query.get("section")]
    number = request.query.get("part", "1")
    return next((part for part in of_section if str(part.number) == number), next(iter(of_section), None))


def _chosen(view: SeatView, wanted: Collection[SeatId]) -> Sequence[int]:
    found = {view.hall.find(seat) for seat in wanted}
    return sorted(index for index in found if index is not None and view.statuses[index] == FREE)


def _section_links(path: str, view: SeatView, chosen: Sequence[SeatId]) -> Sequence[SectionLink]:
    return [
        SectionLink(
            shape,
            _path(path, chosen, section=shape.name),
            free := shape.free(view),
            f"{free:,} free" if free else "none free",
            shape.level(free),
        )
        for shape in overview_of(view.hall).sections
    ]


def _part_links(
    path: str, parts: Sequence[Part], shown: Part | None, chosen: Sequence[SeatId]
) -> Sequence[PartLink]:
    if shown is None or not shown.section:
        return ()
    siblings = [part for part in parts if part.section == shown.section]
    return [
        PartLink(
            f"Rows {part.rows[0].name} to {part.rows[-1].name}",
            _path(path, chosen, section=part.section, part=str(part.number)),
            part is shown,
        )
        for part in (siblings if len(siblings) > 1 else ())
    ]


def _path(path: str, chosen: Sequence[SeatId], **query: str) -> str:
    pairs = [*query.items(), *(("seat", seat) for seat in chosen)]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _summary(chosen: Sequence[SeatId], price_cents: int) -> str:
    if not chosen:
        return "Choose your seats, then reserve them."
    count = "1 seat" if len(chosen) == 1 else f"{len(chosen):,} seats"
    return f"{count}, {format_cents(price_cents * len(chosen))}: {'; '.join(seats_in_words(chosen))}"
