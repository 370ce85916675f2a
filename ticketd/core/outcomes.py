"""What an inventory answers and shows."""

import msgspec

from ticketd.core.ids import InventoryId, ReservationId
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Line
from ticketd.core.terms import EventWindow, Profile, Terms


class Figures(msgspec.Struct, frozen=True, gc=False):
    """How many are free, held, paying and sold, and what the sold ones brought in cents."""

    capacity: int
    free: int
    held: int
    paying: int
    sold: int
    revenue_cents: int


class Offer(msgspec.Struct, frozen=True):
    """What an inventory shows of itself as of fact `seq`."""

    inventory_id: InventoryId
    seq: int
    profile: Profile
    terms: Terms
    window: EventWindow | None
    figures: Figures


class Departed(msgspec.Struct, frozen=True, gc=False):
    """Not in memory: if this reservation exists, it is closed and the ledger has it."""

    reservation_id: ReservationId


Outcome = Line | Departed | Offer | Refusal
