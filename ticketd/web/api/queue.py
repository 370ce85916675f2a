"""Waiting rooms: take a place, see where one stands; for owners, steer."""

from typing import Final

import msgspec
from aiohttp import hdrs, web
from msgspec import UNSET

from ticketd.core.catalogue import Event
from ticketd.core.ids import EventId
from ticketd.core.pace import Steering
from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.services.proof_of_work import solution_from
from ticketd.services.request_limits import RequestKind
from ticketd.services.room_keeper import Room
from ticketd.services.standings import Notice, Standing
from ticketd.web.answers import Answer, header_line
from ticketd.web.api.auth import owner_id_of
from ticketd.web.api.bodies import BodyReader
from ticketd.web.api.description import Operation
from ticketd.web.api.presenters import API, created_answer, optional_instant, private_answer
from ticketd.web.api.queue_board import queue_shape
from ticketd.web.api.queue_shapes import Queue, QueueChange, QueuePlace, QueueReport, QueueRequest
from ticketd.web.api.visitors import TOKEN_PARAMETER, token_of
from ticketd.web.calls import Call, answers_call
from ticketd.web.context import SERVICES, Services
from ticketd.web.parsing import granted, path_id
from ticketd.web.problems import problem
from ticketd.web.subjects import event_named

_request: Final = BodyReader(QueueRequest)
_change: Final = BodyReader(QueueChange)


# -- guests


@Operation(
    tag="Waiting room",
    body=QueueRequest,
    body_required=False,
    answers={201: QueuePlace, 200: QueuePlace},
    reasons=(Reason.NOT_FOUND, Reason.PROOF_REQUIRED, Reason.TOO_MANY_REQUESTS, Reason.INVALID),
    parameters=(TOKEN_PARAMETER,),
)
@answers_call
async def join_queue(call: Call) -> Answer:
    """Take a place in an event's waiting room; 200 for who has one already."""
    services = call.services
    event = event_named(services.catalogue, call.subject)
    limited = services.request_limits.refusal(call.client, RequestKind.QUEUE, services.clock.now())
    if limited is not None:
        return problem(limited)
    body = _request.of(call) if call.body else QueueRequest()
    solution = solution_from(body.challenge, body.solution)
    joined = await services.entrance.join(event, call.client, token_of(call.headers), solution)
    if isinstance(joined, Refusal):
        return problem(joined)
    place = _place(joined.standing)
    return created_answer(place, location=f"{API}/queue") if joined.is_new else private_answer(place)


@Operation(
    tag="Waiting room",
    answers={200: QueuePlace},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    parameters=(TOKEN_PARAMETER,),
)
@answers_call
async def get_place(call: Call) -> Answer:
    """Where the guest stands who has this token; `Retry-After` says when to ask again."""
    token = token_of(call.headers)
    if token is None:
        return problem(invalid("Queue-Token", "This header must have the token of a place."))
    standing = call.services.waiting_rooms.standing(token)
    if isinstance(standing, Refusal):
        return problem(standing)
    retry_after = header_line(hdrs.RETRY_AFTER, str(standing.retry_after_seconds))
    return private_answer(_place(standing), headers=retry_after)


@Operation(tag="Waiting room", answers={200: Queue, 304: None}, reasons=(Reason.NOT_FOUND,))
@answers_call
async def get_queue(call: Call) -> Answer:
    """A waiting room as everybody may see it."""
    text = await call.boards.queues.read(event_named(call.services.catalogue, call.subject))
    return problem(text) if isinstance(text, Refusal) else text.answer(call.headers)


# -- owners


@Operation(
    tag="Waiting room",
    answers={200: QueueReport},
    reasons=(Reason.NOT_FOUND,),
    for_owners=True,
)
async def get_queue_report(request: web.Request) -> web.StreamResponse:
    """A waiting room as its owner sees it."""
    event = await _own_event(request)
    services = request.app[SERVICES]
    notice = granted(await services.waiting_rooms.notice(event))
    return _report(services, event, notice)


@Operation(
    tag="Waiting room",
    body=QueueChange,
    answers={200: QueueReport},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    for_owners=True,
)
async def change_queue(request: web.Request) -> web.StreamResponse:
    """Pause admission, go on, or limit it."""
    event = await _own_event(request)
    body, services = await _change.read(request), request.app[SERVICES]
    notice = granted(await services.waiting_rooms.steer(event, lambda known: _steering(body, known)))
    return _report(services, event, notice)


async def _own_event(request: web.Request) -> Event:
    owner_id = await owner_id_of(request)
    event_id = EventId(path_id(request, "event_id"))
    return granted(await request.app[SERVICES].access.event(owner_id, event_id))


def _steering(change: QueueChange, known: Steering) -> Steering:
    changes = {
        field: value for field in change.__struct_fields__ if (value := getattr(change, field)) is not UNSET
    }
    return msgspec.structs.replace(known, **changes)


# -- shapes


def _report(services: Services, event: Event, notice: Notice) -> Answer:
    room = services.waiting_rooms.room(event.id)
    assert room is not None, "it has a notice"
    return private_answer(_report_shape(room, notice, is_open=services.waiting_rooms.is_open(event)))


def _report_shape(room: Room, notice: Notice, *, is_open: bool) -> QueueReport:
    steering = room.core.record.steering
    return QueueReport(
        queue=queue_shape(notice),
        is_open=is_open,
        waiting=room.core.waiting,
        shopping=room.shopping,
        available=room.stock.unsold,
        held=room.stock.in_baskets,
        sold=room.stock.sold,
        pace_per_second=round(room.pace.per_second, 1),
        mailbox_age_seconds=round(room.reading.mailbox_age_seconds, 3),
        commit_seconds=round(room.reading.commit_seconds, 4),
        shoppers_max=steering.shoppers_max,
        admitted_per_minute_max=steering.admitted_per_minute_max,
    )


def _place(standing: Standing) -> QueuePlace:
    return QueuePlace(
        token=standing.token,
        event_id=standing.event_id,
        number=standing.number,
        status=standing.status,
        position=standing.position,
        ahead=standing.ahead,
        estimated_wait_seconds=standing.estimated_wait_seconds,
        admitted_until=optional_instant(standing.admitted_until),
        opens_at=optional_instant(standing.opens_at),
        in_baskets=standing.in_baskets,
        next_return_at=optional_instant(standing.next_return_at),
    )
