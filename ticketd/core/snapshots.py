"""An inventory at rest: what a checkpoint holds."""

import msgspec

from ticketd.core.reservations import Line
from ticketd.core.terms import EventWindow, Profile, Terms


class Snapshot(msgspec.Struct, frozen=True):
    """An inventory as of fact `seq`: enough to go on from, without the facts before it."""

    seq: int
    profile: Profile
    terms: Terms
    window: EventWindow | None
    deleted: bool
    sold: int
    revenue_cents: int
    open_lines: tuple[Line, ...]
    keys_from_seq: int
    """The keys of the hour stand in the ledger from this fact on."""
