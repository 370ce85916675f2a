"""What the program counts about itself: plain numbers, cheap enough to keep on the hot path."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

import msgspec

from ticketd.core.refusals import Reason

SIZE_BOUNDS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
"""For batches and groups, in commands and rows."""

LATENCY_SECONDS_BOUNDS = (
    0.0005,
    0.001,
    0.002,
    0.004,
    0.008,
    0.016,
    0.032,
    0.064,
    0.128,
    0.256,
    0.512,
    1,
    4,
    16,
)


class Distribution:
    """How many observed values fell at or under each bound, and above all of them."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class RegistryStats(msgspec.Struct, frozen=True, kw_only=True):
    """All actors of this process at a moment; counts without "now" in their meaning only ever grow."""

    actors: int
    """In memory now."""
    mailbox_depth: int
    """Commands waiting in all mailboxes now."""
    mailbox_age_seconds_max: float
    """How long the oldest of them has been waiting."""
    reservations_open: int
    """Lines held or paying now."""
    conservation_broken: int
    """Inventories whose counts don't add up now; anything but 0 is a bug."""
    reloads: int
    """Inventories read anew because their group was lost."""
    refusals: Mapping[Reason, int]
    batch_sizes: Distribution


class JournalStats(msgspec.Struct, frozen=True, kw_only=True):
    """The one writer at a moment; counts without "now" in their meaning only ever grow."""

    undurable_facts: int
    """Handed over and not yet durable now."""
    retries: int
    """Attempts to reach the database again."""
    in_doubt: int
    """Groups of which it had to be asked whether they had happened."""
    group_rows: Distribution
    commit_seconds: Distribution


class PaymentStats(msgspec.Struct, frozen=True, kw_only=True):
    """Payments of this process since its start."""

    running: int
    """Under way now, those in doubt included."""
    outcomes: Mapping[str, int]
    """By name: paid, free, or the code of the refusal."""


class RoomStats(msgspec.Struct, frozen=True, kw_only=True):
    """All open waiting rooms at a moment."""

    rooms: int
    waiting: int
    """Guests who have a place and haven't been admitted."""
    shopping: int
    """Guests who were admitted and haven't reserved yet."""
    paused: int
    """Rooms in which nobody is let in, by their owners' wish."""


class RuleTally(Counter[str]):
    """How many requests each rule against bots has refused, by the rule's name: `rules["honeypot"] += 1`."""
