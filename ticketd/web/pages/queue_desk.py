"""An event's waiting room as its owner sees and steers it: `/{organizer}/events/{event_id}/queue`.

It has one form address, told apart by `action`: `pause`, `go_on`, or `save` (also when it is missing).
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from ticketd.core.catalogue import Event
from ticketd.core.pace import SHOPPERS_MAX, Steering
from ticketd.core.refusals import Reason, Refusal
from ticketd.services.room_keeper import Room
from ticketd.services.standings import Notice
from ticketd.web.api.queue_shapes import LIMIT_MAX
from ticketd.web.context import SERVICES
from ticketd.web.pages.fields import Field, FormState, filled
from ticketd.web.pages.guards import Desk, desk_page, own_event
from ticketd.web.pages.rendering import render, see_other
from ticketd.web.pages.typed import Typed
from ticketd.web.pages.words import Moment, moment
from ticketd.web.parsing import read_form

REFRESH_SECONDS = 5
_OUT_OF_RANGE = f"Please enter a number from 1 to {LIMIT_MAX:,}."


class DeskView(msgspec.Struct, frozen=True, kw_only=True):
    """The room's figures, and the forms that steer it."""

    name: str
    event_path: str
    queue_path: str
    is_open: bool
    is_paused: bool
    opens: Moment | None
    figures: Sequence[tuple[str, str]]
    shop_figures: Sequence[tuple[str, str]]
    fields: Sequence[Field]
    refresh_seconds: int
    error: str


@desk_page
async def show_queue_desk(request: web.Request, desk: Desk) -> web.StreamResponse:
    """How the room does."""
    event = own_event(request, desk)
    return await _page(request, desk, event, FormState())


@desk_page
async def steer_queue(request: web.Request, desk: Desk) -> web.StreamResponse:
    """Pause admission, go on, or limit it."""
    event = own_event(request, desk)
    form = await read_form(request)
    change = _change_from(form)
    if isinstance(change, Refusal):
        return await _page(request, desk, event, FormState(form, change))
    steered = await request.app[SERVICES].waiting_rooms.steer(event, change)
    if isinstance(steered, Refusal):
        return await _page(request, desk, event, FormState(form, steered))
    return see_other(_path(desk, event), done="saved")


def _path(desk: Desk, event: Event) -> str:
    return f"{desk.path}/events/{event.id}/queue"


# -- the forms


def _change_from(form: Mapping[str, str]) -> Callable[[Steering], Steering] | Refusal:
    match form.get("action"):
        case "pause":
            return lambda known: msgspec.structs.replace(known, paused=True)
        case "go_on":
            return lambda known: msgspec.structs.replace(known, paused=False)
        case _:
            typed = Typed(form)
            limits = {name: _limit(typed, name) for name in ("shoppers_max", "admitted_per_minute_max")}
            changes = {name: limit for name, limit in limits.items() if limit is not UNSET}
            if typed.errors:
                return Refusal(Reason.INVALID, errors=tuple(typed.errors))
            return lambda known: msgspec.structs.replace(known, **changes)


def _limit(typed: Typed, name: str) -> int | UnsetType | None:
    limit = typed.whole_or_none(name)
    if isinstance(limit, int) and not 1 <= limit <= LIMIT_MAX:
        typed.missing(name, _OUT_OF_RANGE)
    return limit


def _fields(steering: Steering, state: FormState) -> Sequence[Field]:
    numbers = {"min": "1", "max": str(LIMIT_MAX), "inputmode": "numeric"}
    known = {
        "shoppers_max": steering.shoppers_max,
        "admitted_per_minute_max": steering.admitted_per_minute_max,
    }
    fields = (
        Field(
            name="shoppers_max",
            label="Most who may choose at once (optional)",
            hint=f"Empty: {SHOPPERS_MAX:,}, and never more than there are tickets for.",
            kind="number",
            attributes=numbers,
        ),
        Field(
            name="admitted_per_minute_max",
            label="Most who are let in each minute (optional)",
            hint="Empty: as many as the shop can take.",
            kind="number",
            attributes=numbers,
        ),
    )
    shown = {name: "" if limit is None else str(limit) for name, limit in known.items()}
    return filled(fields, shown | dict(state.values), state.errors)


# -- the page


async def _page(request: web.Request, desk: Desk, event: Event, state: FormState) -> web.StreamResponse:
    rooms = request.app[SERVICES].waiting_rooms
    is_open = rooms.is_open(event)
    notice = await rooms.notice(event) if is_open else None
    room = rooms.room(event.id)
    shown = None if room is None or notice is None or isinstance(notice, Refusal) else (room, notice)
    steering = Steering() if shown is None else shown[0].core.record.steering
    view = DeskView(
        name=event.name,
        event_path=f"{desk.path}/events/{event.id}",
        queue_path=f"/events/{event.id}/queue",
        is_open=shown is not None,
        is_paused=steering.paused,
        opens=None if shown is None else _opens(event, shown[1]),
        figures=() if shown is None else _figures(*shown),
        shop_figures=() if shown is None else _shop_figures(shown[0]),
        fields=_fields(steering, state),
        refresh_seconds=REFRESH_SECONDS,
        error=state.sentence,
    )
    return render(request, "queue_desk.html", view, refusal=state.refusal, masthead=desk.masthead)


def _opens(event: Event, notice: Notice) -> Moment | None:
    return None if notice.opens_at is None else moment(notice.opens_at, event.timezone)


def _figures(room: Room, notice: Notice) -> Sequence[tuple[str, str]]:
    return (
        ("Places given out", f"{notice.joined:,}"),
        ("Waiting", f"{room.core.waiting:,}"),
        ("Choosing", f"{room.shopping:,}"),
        ("Let in, per minute", f"{notice.admitted_per_minute:,}"),
        ("Free", f"{room.stock.unsold:,}"),
        ("In baskets", f"{room.stock.in_baskets:,}"),
        ("Sold", f"{room.stock.sold:,}"),
    )


def _shop_figures(room: Room) -> Sequence[tuple[str, str]]:
    return (
        ("Pace, guests a second", f"{room.pace.per_second:,.1f}"),
        ("Oldest request, ms", f"{1000 * room.reading.mailbox_age_seconds:,.0f}"),
        ("A commit takes, ms", f"{1000 * room.reading.commit_seconds:,.1f}"),
    )
