"""What a page's script needs to say by itself how many are left."""

import msgspec

from ticketd.core.catalogue import Event
from ticketd.web.api.presenters import API
from ticketd.web.pages import words


class Live(msgspec.Struct, frozen=True):
    """Where an event's stream is, and how to say what comes from it; `{}` stands for a number."""

    stream: str
    left: str = words.LEFT
    sold_out: str = words.SOLD_OUT
    in_baskets: str = words.IN_BASKETS


def live(event: Event | None) -> Live | None:
    """That of an event; None for what belongs to none, and has no stream."""
    return None if event is None else Live(f"{API}/events/{event.id}/stream")
