"""Owners' figures."""

from aiohttp import web

from ticketd.core.ids import ID_MAX, EventId
from ticketd.core.refusals import Reason, invalid
from ticketd.services.statistics import StatisticsReport
from ticketd.web.api.auth import owner_id_of
from ticketd.web.api.description import Operation, Parameter
from ticketd.web.api.presenters import private_answer
from ticketd.web.context import SERVICES
from ticketd.web.parsing import RefusedRequest, granted, query_text, whole_number


@Operation(
    tag="Organizers",
    answers={200: StatisticsReport},
    reasons=(Reason.NOT_FOUND, Reason.INVALID),
    parameters=(
        Parameter("organizer", "query", {"type": "string"}, "The slug of one organizer."),
        Parameter("event_id", "query", {"type": "integer"}, "One event."),
        Parameter("ticket_type_name", "query", {"type": "string"}, "Ticket types of one name."),
    ),
    for_owners=True,
)
async def get_statistics(request: web.Request) -> web.StreamResponse:
    """What is held and sold, and what it brought: in all, by event, by ticket type, by its name."""
    owner_id = await owner_id_of(request)
    report = granted(
        await request.app[SERVICES].statistics.of(
            owner_id,
            organizer=query_text(request, "organizer") or None,
            event_id=_event_id(request),
            ticket_type_name=query_text(request, "ticket_type_name") or None,
        )
    )
    return private_answer(report)


def _event_id(request: web.Request) -> EventId | None:
    text = request.query.get("event_id")
    if not text:
        return None
    number = whole_number(text, ID_MAX)
    if number is None:
        raise RefusedRequest(invalid("event_id", "This must be the number of an event."))
    return EventId(number)
