"""An event's waiting page: `/events/{event_id}/queue`, its form (`/join`) and its script's news (`.json`).

What a guest without a place gets is public. The form is a step of its own, since what is signed isn't.
"""

from collections.abc import Mapping
from typing import Final

import aiohttp_jinja2
import msgspec
from aiohttp import hdrs, web

from ticketd.core.catalogue import Event
from ticketd.core.refusals import Challenge, Reason, Refusal
from ticketd.services.room_keeper import Room
from ticketd.services.signed_forms import PATIENCE_SECONDS, FormKind
from ticketd.services.standings import Standing
from ticketd.services.waiting_rooms import Joined
from ticketd.web.answers import header_line
from ticketd.web.api.presenters import private_answer
from ticketd.web.boards import BOARDS
from ticketd.web.clients import client_of
from ticketd.web.context import SERVICES
from ticketd.web.pages.guards import guest_form, guest_page, shown_event
from ticketd.web.pages.proofs import ProofWords, proof_view, solution_in
from ticketd.web.pages.queue_cookie import keep_token, kept_token
from ticketd.web.pages.queue_rendering import QUEUE_PAGES, JoinView, QueuePages
from ticketd.web.pages.queue_views import PlaceState, is_sold_out, place_view, queue_path, state_of
from ticketd.web.pages.rendering import see_other
from ticketd.web.pages.signed_forms import hidden_fields
from ticketd.web.pages.speech import Speech, speech_for
from ticketd.web.parsing import read_form
from ticketd.web.problems import RETRY_AFTER_SECONDS, status_of
from ticketd.web.rendered import Text

POLL_SECONDS: Final = 10
"""When to ask again about a room that is closed, or a place that is none."""


class News(msgspec.Struct, frozen=True):
    """What the script hears when it asks for itself. The token isn't in it: no script needs to know that."""

    state: PlaceState | None
    """None for a browser without a place, or if there is no waiting room now."""
    place: int | None = None
    queue: msgspec.Raw | None = None
    """As everybody may see it."""


def setup(app: web.Application) -> None:
    """Get the waiting page's templates ready."""
    app[QUEUE_PAGES] = QueuePages(aiohttp_jinja2.get_env(app))


@guest_page
async def show_queue(request: web.Request) -> web.StreamResponse:
    """Where the guest stands, or what this is and how to get a place."""
    event, rooms = shown_event(request), request.app[SERVICES].waiting_rooms
    pages, speech = request.app[QUEUE_PAGES], _speech(request)
    notice = await rooms.notice(event)
    if isinstance(notice, Refusal):
        return pages.lobby(event, None, speech).answer(request.headers)
    found = _place(request, event)
    if found is None:
        room = rooms.room(event.id)
        sold_out = room is not None and is_sold_out(room)
        return pages.lobby(event, notice, speech, sold_out=sold_out).answer(request.headers)
    standing, room = found
    now = request.app[SERVICES].clock.now()
    return pages.place(event, notice, place_view(event, notice, standing, room, speech, now), speech)


@guest_page
async def show_news(request: web.Request) -> web.StreamResponse:
    """The same for the script, without the words."""
    event = shown_event(request)
    queue = await request.app[BOARDS].queues.read(event)
    found = _place(request, event)
    if found is None or not isinstance(queue, Text):
        return private_answer(News(None), headers=_retry_after(POLL_SECONDS))
    standing, room = found
    news = News(state_of(standing, room), room.core.place_of(standing.number), msgspec.Raw(queue.body))
    return private_answer(news, headers=_retry_after(standing.retry_after_seconds))


@guest_page
async def show_join(request: web.Request) -> web.StreamResponse:
    """The form that takes a place, for who has none."""
    event, services = shown_event(request), request.app[SERVICES]
    rooms = services.waiting_rooms
    if not rooms.is_open(event) or rooms.known(event, kept_token(request, event.id)) is not None:
        return see_other(queue_path(event))
    challenge = services.entrance.demand(event, client_of(request))
    return _form(request, event, _join_view(request, event, challenge))


def put_off(request: web.Request, refusal: Refusal) -> web.StreamResponse:
    """The form, for who sends it too often."""
    event = shown_event(request)
    challenge = request.app[SERVICES].entrance.demand(event, client_of(request))
    return _form(request, event, _join_view(request, event, challenge, refusal=refusal), refusal=refusal)


@guest_form(put_off)
async def join_queue(request: web.Request) -> web.StreamResponse:
    """Take a place, let the browser keep it, and go on to where it stands."""
    event, services = shown_event(request), request.app[SERVICES]
    form, now = await read_form(request), services.clock.now()
    joined: Joined | Refusal | None = services.signed_forms.refusal(form, FormKind.QUEUE, event, now)
    if joined is None:
        joined = await services.entrance.join(
            event,
            client_of(request),
            kept_token(request, event.id),
            solution_in(form),
            has_waited=services.signed_forms.has_waited(form, FormKind.QUEUE, event.id, now),
        )
    if isinstance(joined, Joined):
        response = see_other(queue_path(event))
        keep_token(request, response, event, joined.standing.token)
        return response
    if joined.reason is Reason.NOT_FOUND:  # there is no waiting room any more, and the page says so
        return see_other(queue_path(event))
    view = _join_view(request, event, joined.challenge, form=form, refusal=joined)
    return _form(request, event, view, refusal=joined)


def _speech(request: web.Request) -> Speech:
    return speech_for(request.headers.get(hdrs.ACCEPT_LANGUAGE))


def _place(request: web.Request, event: Event) -> tuple[Standing, Room] | None:
    """Where the guest stands, be it that their turn is over; None for who has no place."""
    rooms, token = request.app[SERVICES].waiting_rooms, kept_token(request, event.id)
    if token is None:
        return None
    standing, room = rooms.standing(token), rooms.room(event.id)
    if isinstance(standing, Refusal) or room is None or standing.event_id != event.id:
        return None
    return standing, room


def _retry_after(seconds: int) -> bytes:
    return header_line(hdrs.RETRY_AFTER, str(seconds))


# -- the form


def _join_view(
    request: web.Request,
    event: Event,
    challenge: Challenge | None,
    *,
    form: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
) -> JoinView:
    words = _speech(request).words
    proof_words = ProofWords(
        checking=words.checking, done=words.checked, unable=words.unable.format(PATIENCE_SECONDS)
    )
    return JoinView(
        words=words,
        name=event.name,
        path=queue_path(event),
        hidden=hidden_fields(request, FormKind.QUEUE, event, form or {}),
        proof=proof_view(challenge, form, words=proof_words),
        goes_on=refusal is None,
        error="" if refusal is None else _in_words(request, refusal),
    )


def _in_words(request: web.Request, refusal: Refusal) -> str:
    words = _speech(request).words
    match refusal.reason:
        case Reason.PROOF_REQUIRED:
            return words.prove_again
        case Reason.TOO_MANY_REQUESTS:
            return words.crowded
        case Reason.OVERLOADED:
            return words.busy
        case _:
            return words.press_again


def _form(
    request: web.Request, event: Event, view: JoinView, *, refusal: Refusal | None = None
) -> web.StreamResponse:
    status, headers = 200 if refusal is None else status_of(refusal), b""
    if refusal is not None and refusal.reason in (Reason.OVERLOADED, Reason.TOO_MANY_REQUESTS):
        headers = _retry_after(refusal.retry_after_seconds or RETRY_AFTER_SECONDS)
    return request.app[QUEUE_PAGES].join(event, view, _speech(request), status=status, headers=headers)
