"""What guests are told: each about their own place, and everybody about the room."""

import math
from typing import Final

import msgspec

from ticketd.core.draw import commitment
from ticketd.core.ids import END_OF_TIME, SECOND, EventId, Instant
from ticketd.core.places import Place
from ticketd.core.waiting_room import QueueStatus, WaitingRoom, Whereabouts
from ticketd.services.room_gauges import Stock

POLLS_PER_SECOND: Final = 1000
"""Guests are asked to come back so often that all together they ask no more than this."""
RETRY_SECONDS_MIN: Final = 2
RETRY_SECONDS_MAX: Final = 60
OPENING_SPREAD_SECONDS_MAX: Final = 30
"""Whoever is drawn first must hear of it while they are still waited for: see DOOR_SECONDS."""
SOON_SECONDS: Final = 20
"""Whoever waits no longer than this comes back at the shortest interval."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where one guest stands."""

    token: str
    event_id: EventId
    number: int
    status: QueueStatus
    position: int | None
    """1 is next, 0 is in; None before the draw."""
    ahead: int | None
    estimated_wait_seconds: int | None
    """None while it can't be told."""
    admitted_until: Instant | None
    opens_at: Instant | None
    """While the draw is still to come."""
    in_baskets: int | None
    """When nothing is free: how many may still come back."""
    next_return_at: Instant | None
    retry_after_seconds: int


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand with a waiting room, for everybody: what it takes to work out one's own position."""

    event_id: EventId
    opens_at: Instant | None
    joined: int
    """Places given out so far."""
    admitted_to: int
    """Whoever has a place before this one has been admitted."""
    drawn: int | None
    """How many were in the draw; None before it."""
    commitment: str
    """The SHA-256 of the seed."""
    seed: str | None
    """In hexadecimal, once the draw is done."""
    admitted_per_minute: int
    paused: bool
    in_baskets: int | None
    next_return_at: Instant | None


def standing_of(
    token: str, place: Place, where: Whereabouts, room: WaitingRoom, stock: Stock, now: Instant
) -> Standing:
    """Where a guest stands."""
    waits = where.status is QueueStatus.WAITING
    ahead = None if where.ahead is None else where.ahead if waits else 0
    wait_seconds = _wait_seconds(where, room, stock, now)
    return Standing(
        token=token,
        event_id=place.event_id,
        number=place.number,
        status=where.status,
        position=None if ahead is None else ahead + 1 if waits else 0,
        ahead=ahead,
        estimated_wait_seconds=wait_seconds,
        admitted_until=where.until,
        opens_at=_opening(room, stock),
        in_baskets=_in_baskets(room, stock),
        next_return_at=_next_return_at(room, stock),
        retry_after_seconds=_retry_after_seconds(place, where, room, stock, wait_seconds, now),
    )


def notice_of(room: WaitingRoom, stock: Stock, now: Instant) -> Notice:
    """How things stand."""
    is_drawn = room.draw is not None
    return Notice(
        event_id=room.event_id,
        opens_at=_opening(room, stock),
        joined=room.joined,
        admitted_to=min(room.admitted_to, room.joined),
        drawn=room.record.drawn,
        commitment=commitment(room.seed),
        seed=room.seed.hex() if is_drawn else None,
        admitted_per_minute=round(60 * room.admitted_per_second(now)),
        paused=room.record.steering.paused,
        in_baskets=_in_baskets(room, stock),
        next_return_at=_next_return_at(room, stock),
    )


def _opening(room: WaitingRoom, stock: Stock) -> Instant | None:
    return stock.opens_at if room.draw is None and stock.opens_at < END_OF_TIME else None


def _in_baskets(room: WaitingRoom, stock: Stock) -> int | None:
    return None if stock.free or room.draw is None else stock.in_baskets


def _next_return_at(room: WaitingRoom, stock: Stock) -> Instant | None:
    return stock.next_return_at if _in_baskets(room, stock) else None


def _wait_seconds(where: Whereabouts, room: WaitingRoom, stock: Stock, now: Instant) -> int | None:
    if where.status is not QueueStatus.WAITING:
        return 0 if where.status is QueueStatus.ADMITTED else None
    per_second = room.admitted_per_second(now)
    if where.ahead is None or room.record.steering.paused or not stock.free or not per_second:
        return None
    return math.ceil((where.ahead + 1) / per_second)


def _retry_after_seconds(
    place: Place, where: Whereabouts, room: WaitingRoom, stock: Stock, wait_seconds: int | None, now: Instant
) -> int:
    shared = room.waiting // POLLS_PER_SECOND  # all of them once in so many seconds
    if where.ahead is None:
        until_opening = max(0, stock.opens_at - now) // SECOND
        # At the opening they would all come at once.
        spread = place.number % (min(shared, OPENING_SPREAD_SECONDS_MAX) + 1)
        return int(min(RETRY_SECONDS_MAX, max(RETRY_SECONDS_MIN, until_opening + 1)) + spread)
    if wait_seconds is not None and wait_seconds <= SOON_SECONDS:
        return RETRY_SECONDS_MIN
    # Those who came together mustn't come back together.
    return min(RETRY_SECONDS_MAX, max(RETRY_SECONDS_MIN, shared) + place.number % (shared // 2 + 1))
