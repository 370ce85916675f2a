"""The boards that everybody may read, hung up once for all handlers."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from ticketd.web.api.availability import Board, availability, event_availability
from ticketd.web.api.queue_board import QueueBoard
from ticketd.web.context import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Boards:
    """What is left, and how waiting rooms stand."""

    events: Board
    """How many are left of each ticket type of an event."""
    ticket_types: Board
    """How many are left of a ticket type."""
    queues: QueueBoard


def boards_of(services: Services) -> Boards:
    """Boards that say what these services know."""
    return Boards(
        events=Board(services.offers, services.clock, event_availability),
        ticket_types=Board(services.offers, services.clock, availability),
        queues=QueueBoard(services.waiting_rooms),
    )


BOARDS: Final = web.AppKey("boards", Boards)
