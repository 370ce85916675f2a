"""What an organizer has sold: `/{organizer}/statistics`."""

from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from ticketd.core.ids import ID_MAX, EventId
from ticketd.core.money import format_cents
from ticketd.core.refusals import Refusal
from ticketd.services.statistics import Row, StatisticsReport, TicketTypeRow
from ticketd.web.context import SERVICES
from ticketd.web.pages.errors import refusal_page
from ticketd.web.pages.fields import Choice, Field, filled
from ticketd.web.pages.guards import Desk, desk_page
from ticketd.web.pages.offers import dated
from ticketd.web.pages.paging import Pager, page_of
from ticketd.web.pages.rendering import render
from ticketd.web.parsing import whole_number

_LISTED_MAX = 100


class FigureRow(msgspec.Struct, frozen=True):
    """One row of a table."""

    label: str
    detail: str
    capacity: str
    sold: str
    held: str
    reserved: str
    available: str
    revenue: str


class FigureTable(msgspec.Struct, frozen=True):
    """The sales, seen one way."""

    id: str
    title: str
    rows: Sequence[FigureRow]


class StatisticsView(msgspec.Struct, frozen=True):
    """All of it."""

    organizer: str
    filters: Sequence[Field]
    totals: Sequence[tuple[str, str]]
    tables: Sequence[FigureTable]
    pager: Pager


@desk_page
async def show_statistics(request: web.Request, desk: Desk) -> web.StreamResponse:
    """The figures, narrowed by `?event_id=` and `?ticket_type_name=`."""
    statistics = request.app[SERVICES].statistics
    event_id = _event_id(request.query.get("event_id", ""))
    report = await statistics.of(
        desk.owner.id,
        organizer=desk.organizer.slug,
        event_id=event_id,
        ticket_type_name=request.query.get("ticket_type_name") or None,
    )
    if isinstance(report, Refusal):
        return refusal_page(request, report)
    tables = _tables(report, _names(request, desk))
    shown = [msgspec.structs.replace(each, rows=_page(request, each)[0]) for each in tables]
    view = StatisticsView(
        desk.organizer.name,
        _filters(request, desk),
        _totals(report.totals),
        shown,
        _page(request, max(tables, key=lambda each: len(each.rows)))[1],
    )
    return render(request, "statistics.html", view, masthead=desk.masthead)


def _page(request: web.Request, table: FigureTable) -> tuple[Sequence[FigureRow], Pager]:
    """All tables are turned over together."""
    return page_of(request, table.rows, size=_LISTED_MAX)


def _event_id(text: str) -> EventId | None:
    if not text:
        return None
    return EventId(whole_number(text, ID_MAX) or 0)


def _filters(request: web.Request, desk: Desk) -> Sequence[Field]:
    catalogue = request.app[SERVICES].catalogue
    events = catalogue.events_of_organizer(desk.organizer.id)
    names = sorted({each.terms.name for each in catalogue.ticket_types_of_organizer(desk.organizer.id)})
    fields = (
        Field(
            name="event_id",
            label="Event",
            kind="select",
            choices=(Choice("", "All, and coupons"), *(Choice(str(each.id), dated(each)) for each in events)),
        ),
        Field(
            name="ticket_type_name",
            label="Ticket type",
            kind="select",
            choices=(Choice("", "All"), *(Choice(name, name) for name in names)),
        ),
    )
    return filled(fields, {name: request.query.get(name, "") for name in ("event_id", "ticket_type_name")})


def _totals(totals: Row) -> Sequence[tuple[str, str]]:
    return (
        ("Revenue", format_cents(totals.revenue_cents)),
        ("Sold", f"{totals.sold:,}"),
        ("Held", f"{totals.held:,}"),
        ("Reserved (sold and held)", f"{totals.reserved:,}"),
        ("Available", f"{totals.available:,}"),
        ("Capacity", f"{totals.capacity:,}"),
    )


def _names(request: web.Request, desk: Desk) -> Mapping[EventId, str]:
    events = request.app[SERVICES].catalogue.events_of_organizer(desk.organizer.id)
    return {each.id: dated(each) for each in events}


def _tables(report: StatisticsReport, events: Mapping[EventId, str]) -> Sequence[FigureTable]:
    def belonging(row: TicketTypeRow) -> str:
        return "Coupon" if row.event_id is None else events.get(row.event_id, "")

    by_event = [_row(events.get(each.event_id, each.name), "", each) for each in report.events]
    return (
        FigureTable("events", "By event", by_event),
        FigureTable(
            "ticket-types",
            "By ticket type",
            [_row(each.name, belonging(each), each) for each in report.ticket_types],
        ),
        FigureTable(
            "names",
            "By ticket type name, across all events",
            [_row(each.name, "", each) for each in report.by_ticket_type_name],
        ),
    )


def _row(label: str, detail: str, row: Row) -> FigureRow:
    return FigureRow(
        label,
        detail,
        f"{row.capacity:,}",
        f"{row.sold:,}",
        f"{row.held:,}",
        f"{row.reserved:,}",
        f"{row.available:,}",
        format_cents(row.revenue_cents),
    )
