"""The API's JSON of waiting rooms."""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ticketd.core.ids import EventId
from ticketd.core.refusals import Challenge
from ticketd.core.waiting_room import QueueStatus
from ticketd.web.api.shapes import Timestamp

SOLUTION_LENGTH_MAX: Final = 2048

LIMIT_MAX: Final = 1_000_000

_Limit = Annotated[int, Meta(ge=1, le=LIMIT_MAX)]


# -- requests


class QueueRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Needed only after a `proof_required`: its challenge and what solves it, or ALTCHA's text."""

    challenge: Challenge | None = None
    solution: (
        Annotated[int, Meta(ge=0, le=2**53)] | Annotated[str, Meta(max_length=SOLUTION_LENGTH_MAX)] | None
    ) = None


class QueueChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change about who is let in; what isn't there stays, null is no limit of the owner's."""

    paused: bool | UnsetType = UNSET
    shoppers_max: _Limit | UnsetType | None = UNSET
    admitted_per_minute_max: _Limit | UnsetType | None = UNSET


# -- answers


class QueuePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a guest stands. Whoever has the token has the place."""

    token: str
    event_id: EventId
    number: int
    """In order of arrival, from 0: before the draw it says nothing about the place."""
    status: QueueStatus
    position: int | None
    """1 is next, 0 has had their turn; null before the draw."""
    ahead: int | None
    estimated_wait_seconds: int | None
    """At the rate of the last minute; null while that can't be told."""
    admitted_until: Timestamp | None
    """Until when the guest may reserve, or might have."""
    opens_at: Timestamp | None
    """When the draw will be; null after it."""
    in_baskets: int | None
    """When nothing is free: so many may come back."""
    next_return_at: Timestamp | None


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A waiting room, for everybody. A guest's place is their number, but of the first `drawn` the draw's
    result; `place - admitted_to` are ahead of them."""

    event_id: EventId
    opens_at: Timestamp | None
    """When the draw will be; null after it."""
    joined: int
    """Places given out so far."""
    admitted_to: int
    """So many places have been admitted."""
    drawn: int | None
    """How many were in the draw; null before it."""
    commitment: str
    """SHA-256 of the draw's seed, in hexadecimal."""
    seed: str | None
    """The seed, once the draw is done."""
    admitted_per_minute: int
    paused: bool
    in_baskets: int | None
    next_return_at: Timestamp | None


class QueueReport(msgspec.Struct, frozen=True, kw_only=True):
    """A waiting room as its owner sees it."""

    queue: Queue
    is_open: bool
    waiting: int
    shopping: int
    """Admitted, and not yet reserved."""
    available: int
    """Unsold, be they on sale already or not yet."""
    held: int
    sold: int
    pace_per_second: float
    """What the shop is trusted to take."""
    mailbox_age_seconds: float
    commit_seconds: float
    shoppers_max: int | None
    admitted_per_minute_max: int | None
