"""Whether a guest of a page that sells has to pass the event's waiting room first."""

import msgspec
from aiohttp import web

from ticketd.core.catalogue import Event
from ticketd.core.ids import SECOND
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.waiting_room import QueueStatus
from ticketd.services.door import Visitor
from ticketd.services.standings import Standing
from ticketd.web.api.visitors import visitor_at
from ticketd.web.clients import client_of
from ticketd.web.context import SERVICES
from ticketd.web.pages.queue_cookie import kept_token
from ticketd.web.pages.queue_views import queue_path
from ticketd.web.pages.rendering import see_other
from ticketd.web.pages.words import deadline


class WayIn(msgspec.Struct, frozen=True):
    """What a page shows in place of its form."""

    sentence: str
    label: str
    path: str


class Turn(msgspec.Struct, frozen=True):
    """Until when a guest who was let in can reserve."""

    sentence: str
    seconds_left: int


_QUEUE = (
    "Many want these tickets: guests are let in one after another. Please take a place in the waiting room."
)
_WAIT = "It isn't your turn yet. Your place in the waiting room is kept."


def way_in(request: web.Request, event: Event | None) -> WayIn | None:
    """How to get a turn; None for a guest who may reserve as things are."""
    if event is None or not _has_to_queue(request, event):
        return None
    if request.app[SERVICES].waiting_rooms.lets_walk_in(event):
        return None
    if _place(request, event) is None:
        return WayIn(_QUEUE, "Go to the waiting room", queue_path(event))
    return WayIn(_WAIT, "Back to the waiting room", queue_path(event))


def turn(request: web.Request, event: Event | None) -> Turn | None:
    """What a guest is told who has been let in; None for anybody else."""
    if event is None or not request.app[SERVICES].waiting_rooms.is_open(event):
        return None
    standing = _place(request, event)
    if standing is None or standing.admitted_until is None:
        return None
    now = request.app[SERVICES].clock.now()
    until = deadline(standing.admitted_until, event.timezone, now=now)
    seconds = (standing.admitted_until - now) // SECOND
    return Turn(f"It is your turn to reserve, until {until}.", max(0, seconds))


def visitor_of(request: web.Request, event: Event | None) -> Visitor:
    """Who sends a form that buys."""
    return visitor_at(client_of(request), None if event is None else kept_token(request, event.id))


def to_queue(request: web.Request, event: Event | None, refusal: Refusal) -> web.Response | None:
    """Where to go on after a refusal that the waiting room is the answer to; None for any other.

    Who was let by an empty room that had opened by itself, and then was too much, is the first to queue.
    """
    if event is None:
        return None
    is_answer = refusal.reason is Reason.ADMISSION_REQUIRED or (
        refusal.reason is Reason.OVERLOADED and _has_to_queue(request, event)
    )
    return see_other(queue_path(event)) if is_answer else None


def _has_to_queue(request: web.Request, event: Event) -> bool:
    """Whether a waiting room is open, and it isn't the guest's turn."""
    if not request.app[SERVICES].waiting_rooms.is_open(event):
        return False
    standing = _place(request, event)
    return standing is None or standing.status is QueueStatus.WAITING


def _place(request: web.Request, event: Event) -> Standing | None:
    return request.app[SERVICES].waiting_rooms.known(event, kept_token(request, event.id))
