"""What the waiting page shows: to everybody, and to one who has a place."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, assert_never

import msgspec

from ticketd.core.catalogue import Event
from ticketd.core.ids import SECOND, Instant
from ticketd.core.waiting_room import QueueStatus
from ticketd.services.room_keeper import Room
from ticketd.services.standings import Notice, Standing
from ticketd.web.pages.languages import Words
from ticketd.web.pages.speech import Speech, clock


class PlaceState(StrEnum):
    """How it is with a place, and so what the page is about."""

    BEFORE_DRAW = "before_draw"
    WAITING = "waiting"
    ADMITTED = "admitted"
    TURN_OVER = "turn_over"
    USED = "used"
    SOLD_OUT = "sold_out"


class Line(NamedTuple):
    """A line that changes while a guest waits, under the name that the script has for it."""

    name: str
    text: str


class Link(msgspec.Struct, frozen=True):
    """Where a button leads."""

    label: str
    path: str


class DrawView(msgspec.Struct, frozen=True):
    """What it takes to check the draw, beside one's number."""

    words: Words
    commitment: str
    seed: str
    drawn: str
    command: str
    """What checks a place, once it is drawn; with the guest's own number in place of NUMBER."""


class LobbyView(msgspec.Struct, frozen=True):
    """For those without a place."""

    words: Words
    title: str
    heading: str
    lines: Sequence[str]
    action: Link | None


class PlaceView(msgspec.Struct, frozen=True, kw_only=True):
    """For one who has a place."""

    words: Words
    title: str
    state: PlaceState
    number: int
    place: int | None
    """From 0; None before the draw."""
    now_ms: int
    """The server's clock, for the script."""
    opens_seconds: int | None
    turn_seconds: int | None
    refresh_seconds: int | None
    """When a browser without the script asks again."""
    heading: str
    lines: Sequence[Line]
    action: Link | None
    is_kept: bool
    """It is still good for something, and the page says how to keep it."""


# -- everybody


def lobby_view(event: Event, notice: Notice | None, speech: Speech, *, sold_out: bool) -> LobbyView:
    """What anybody sees of a waiting room; without a notice there is none now."""
    words = speech.words
    if notice is None:
        onward = Link(words.to_tickets, event_path(event))
        return _lobby(event, words, words.no_queue, (words.no_queue_why,), onward)
    if sold_out:
        return _lobby(event, words, words.sold_out, (words.sold_out_why,), None)
    join = Link(words.join, f"{queue_path(event)}/join")
    return _lobby(event, words, words.no_place, _of_room(event, notice, speech), join)


def queue_path(event: Event) -> str:
    """An event's waiting page."""
    return f"{event_path(event)}/queue"


def event_path(event: Event) -> str:
    """An event's page."""
    return f"/events/{event.id}"


def draw_view(event: Event, notice: Notice, speech: Speech) -> DrawView:
    """What may be known of the draw by now."""
    words, commitment = speech.words, notice.commitment
    if notice.seed is None or notice.drawn is None:
        return DrawView(words, commitment, words.seed_later, drawn="", command="")
    drawn = str(notice.drawn)  # as the program reads it
    command = f"python3 check_place.py {event.id}:NUMBER {notice.seed} {drawn} --commitment {commitment}"
    return DrawView(words, commitment, notice.seed, drawn, command)


def _lobby(event: Event, words: Words, heading: str, lines: Sequence[str], action: Link | None) -> LobbyView:
    return LobbyView(words, f"{words.waiting_room} · {event.name}", heading, lines, action)


def _of_room(event: Event, notice: Notice, speech: Speech) -> Sequence[str]:
    words = speech.words
    if notice.drawn is not None:
        count = max(0, notice.joined - notice.admitted_to)
        waiting = speech.counted(words.waiting, count) if count else ""
        paused = words.paused_for_all if notice.paused else ""
        return [words.in_order, *filter(None, (waiting, paused))]
    opening = (
        words.draw_comes
        if notice.opens_at is None
        else words.before_draw.format(speech.at(notice.opens_at, event.timezone))
    )
    return [opening, *([speech.counted(words.joined, notice.joined)] if notice.joined else ())]


# -- one who has a place


def is_sold_out(room: Room) -> bool:
    """Whether there is nothing to wait for."""
    return room.core.draw is not None and room.stock.is_gone


def state_of(standing: Standing, room: Room) -> PlaceState:
    """How it is with a place."""
    if room.core.is_used_up(standing.number):
        return PlaceState.USED
    match standing.status:
        case QueueStatus.ADMITTED:
            return PlaceState.ADMITTED
        case QueueStatus.WAITING:
            return PlaceState.BEFORE_DRAW if standing.position is None else PlaceState.WAITING
        case QueueStatus.CLOSED:
            return PlaceState.SOLD_OUT if is_sold_out(room) else PlaceState.TURN_OVER
        case other:
            assert_never(other)


def place_view(
    event: Event, notice: Notice, standing: Standing, room: Room, speech: Speech, now: Instant
) -> PlaceView:
    """What the one who has this place sees."""
    state, words = state_of(standing, room), speech.words
    heading = _heading(state, words)
    is_kept = state in (PlaceState.BEFORE_DRAW, PlaceState.WAITING)
    is_news = state is not PlaceState.WAITING or not standing.position
    said = heading if is_news else speech.number(standing.position or 0)
    return PlaceView(
        words=words,
        title=f"{said} · {event.name}",
        state=state,
        number=standing.number,
        place=room.core.place_of(standing.number),
        now_ms=now // 1000,
        opens_seconds=_seconds_until(standing.opens_at, now),
        turn_seconds=_seconds_until(standing.admitted_until, now) if state is PlaceState.ADMITTED else None,
        refresh_seconds=_refresh_seconds(state, standing, now),
        heading=heading,
        lines=_lines(state, notice, standing, speech, now),
        action=_action(state, event, words),
        is_kept=is_kept,
    )


def _heading(state: PlaceState, words: Words) -> str:
    match state:
        case PlaceState.BEFORE_DRAW | PlaceState.WAITING:
            return words.kept
        case PlaceState.ADMITTED:
            return words.your_turn
        case PlaceState.TURN_OVER:
            return words.turn_over
        case PlaceState.USED:
            return words.used
        case PlaceState.SOLD_OUT:
            return words.sold_out
        case _:
            assert_never(state)


def _lines(
    state: PlaceState, notice: Notice, standing: Standing, speech: Speech, now: Instant
) -> Sequence[Line]:
    words = speech.words
    match state:
        case PlaceState.BEFORE_DRAW:
            seconds = _seconds_until(standing.opens_at, now)
            opens = "" if seconds is None else words.opens_in.format(clock(seconds))
            at_least = max(notice.joined, standing.number + 1)  # what everybody is told lags a little
            joined = speech.counted(words.joined, at_least)
            return (Line("opens", opens), Line("why", words.draw_comes), Line("joined", joined))
        case PlaceState.WAITING:
            return _of_waiting(notice, standing, speech, now)
        case PlaceState.ADMITTED:
            seconds = _seconds_until(standing.admitted_until, now) or 0
            return (Line("turn", words.time_left.format(clock(seconds))),)
        case PlaceState.TURN_OVER:
            return (Line("why", words.turn_over_why),)
        case PlaceState.USED:
            return (Line("why", words.used_why),)
        case PlaceState.SOLD_OUT:
            return (Line("why", words.sold_out_why),)
        case _:
            assert_never(state)


def _of_waiting(notice: Notice, standing: Standing, speech: Speech, now: Instant) -> Sequence[Line]:
    words, ahead = speech.words, standing.ahead or 0
    is_held_up = notice.paused or bool(standing.in_baskets)
    baskets = speech.counted(words.in_baskets, standing.in_baskets) if standing.in_baskets else ""
    seconds = _seconds_until(standing.next_return_at, now)
    return (
        Line("ahead", speech.counted(words.ahead, ahead) if ahead else words.next),
        Line("wait", "" if is_held_up else speech.wait(standing.estimated_wait_seconds)),
        Line("baskets", baskets),
        Line("return", words.first_return.format(clock(seconds)) if baskets and seconds else ""),
        Line("paused", words.paused if notice.paused else ""),
    )


def _action(state: PlaceState, event: Event, words: Words) -> Link | None:
    match state:
        case PlaceState.ADMITTED:
            return Link(words.to_tickets, event_path(event))
        case PlaceState.TURN_OVER | PlaceState.USED:
            return Link(words.join, f"{queue_path(event)}/join")
        case PlaceState.BEFORE_DRAW | PlaceState.WAITING | PlaceState.SOLD_OUT:
            return None
        case _:
            assert_never(state)


def _refresh_seconds(state: PlaceState, standing: Standing, now: Instant) -> int | None:
    match state:
        case PlaceState.BEFORE_DRAW | PlaceState.WAITING:
            return standing.retry_after_seconds
        case PlaceState.ADMITTED:
            return 1 + (_seconds_until(standing.admitted_until, now) or 0)
        case PlaceState.TURN_OVER | PlaceState.USED | PlaceState.SOLD_OUT:
            return None
        case _:
            assert_never(state)


def _seconds_until(at: Instant | None, now: Instant) -> int | None:
    return None if at is None else max(0, -((now - at) // SECOND))
