"""An event as it changes, by server-sent events."""

from typing import Final

from aiohttp import hdrs, web
from aiohttp.web_request import BaseRequest

from ticketd.core.clients import Client
from ticketd.core.ids import EventId
from ticketd.core.refusals import Reason, Refusal
from ticketd.web.answers import Endless, head
from ticketd.web.api.description import Operation, Parameter
from ticketd.web.boards import Boards
from ticketd.web.clients import client_of
from ticketd.web.context import SERVICES, Services
from ticketd.web.parsing import RefusedRequest
from ticketd.web.sights import Sight
from ticketd.web.streams import Streams
from ticketd.web.subjects import event_named, not_found

PER_NETWORK_RULE: Final = "viewers_per_network"

STREAMS: Final = web.AppKey("streams", Streams)

_HEAD: Final = head(
    200,
    {
        hdrs.CONTENT_TYPE: "text/event-stream",
        hdrs.CACHE_CONTROL: "no-store",
        "X-Accel-Buffering": "no",
    },
)


def setup(app: web.Application, services: Services, boards: Boards) -> None:
    """Let guests watch events, until the server stops."""
    settings, catalogue = services.settings, services.catalogue

    async def look(event_id: EventId, known: Sight | None) -> Sight | None:
        event = catalogue.shown_event(event_id)
        if event is None:
            return None
        left = await boards.events.read(event_id, catalogue.listed_of_event(event_id))
        queue = await boards.queues.read(event)
        room = None if isinstance(queue, Refusal) else queue
        return known if known is not None and known.shows(left, room) else Sight(left, room)

    streams = app[STREAMS] = Streams(
        look,
        viewers_max=settings.viewers_max,
        viewers_per_network_max=settings.viewers_per_network_max,
    )
    streams.fit_into(settings.connections_max)
    services.metrics.add_streams(streams.stats)

    async def close(_: web.Application) -> None:
        await streams.close()

    app.on_shutdown.append(close)


class Stream(Endless):
    """The answer after which the connection is a viewer's."""

    def __init__(self, streams: Streams, event_id: EventId, sight: Sight, client: Client) -> None:
        super().__init__(_HEAD, b"")
        self._streams = streams
        self._event_id = event_id
        self._sight = sight
        self._client = client

    async def send(self, request: BaseRequest, head: bytes) -> None:
        """See `Answer.send`."""
        self._streams.open(self._event_id, self._sight, self._client, request.protocol, head=head)


@Operation(
    tag="Offers",
    answers={200: None},
    text_answer="text/event-stream",
    reasons=(Reason.NOT_FOUND, Reason.TOO_MANY_REQUESTS),
    parameters=(
        Parameter(
            "Last-Event-ID",
            "header",
            {"type": "string"},
            "Sent by who comes back. Nothing is missed: each stream begins with all that is true now.",
        ),
    ),
)
async def get_event_stream(request: web.Request) -> web.StreamResponse:
    """An event as it changes: `availability` and `queue` with the data of the calls of these names."""
    app, client = request.app, client_of(request)
    event, streams = event_named(app[SERVICES].catalogue, request.match_info["event_id"]), app[STREAMS]
    sight = await streams.look(event.id)
    if sight is None:
        raise not_found()
    refusal = streams.refusal(client)  # nothing is waited for from here on until they are counted
    if refusal is not None:
        if refusal.reason is Reason.TOO_MANY_REQUESTS:
            request.app[SERVICES].rules[PER_NETWORK_RULE] += 1
        raise RefusedRequest(refusal)
    return Stream(streams, event.id, sight, client)
