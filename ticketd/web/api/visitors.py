"""Who is at the door of a shop, as far as their request says."""

from typing import Final

from multidict import istr

from ticketd.core.clients import Client
from ticketd.services.door import Visitor
from ticketd.web.api.description import Parameter
from ticketd.web.parsing import Headers

QUEUE_TOKEN: Final = istr("Queue-Token")


TOKEN_PARAMETER: Final = Parameter(
    "Queue-Token", "header", {"type": "string"}, "A place in an event's waiting room."
)


def visitor_at(client: Client, queue_token: str | None) -> Visitor:
    """The visitor who shows this place in a waiting room; its network, if that says anything."""
    return Visitor(queue_token, client.network if client.counts else "")


def token_of(headers: Headers) -> str | None:
    """The place that a program shows."""
    return headers.get(QUEUE_TOKEN)
