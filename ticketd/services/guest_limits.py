"""How many tickets one guest may have of an event, checked when a payment starts and before any charge.

A guest is who gives the same e-mail address, however it is written: the case doesn't count, nor what follows
a plus sign before the @, nor quotes round what is there, nor a dot at the very end, nor which of
Unicode's forms its letters have. Nobody but this module sees the address; the actors know a keyed hash.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from unicodedata import normalize

import msgspec

from ticketd.core.commands import Release, Reserve
from ticketd.core.ids import InventoryId, TicketTypeId
from ticketd.core.outcomes import Departed
from ticketd.core.refusals import Refusal, invalid
from ticketd.core.reservations import Line, Reservation
from ticketd.ports import Router
from ticketd.services.catalogue import Catalogue

CLAIM_SECONDS = 60
"""A claim whose payment doesn't start runs out by itself."""
_GUEST_DIGEST_BYTES = 16
_QUOTE = '"'


class GuestLimits:
    """Claims a reservation's tickets for its guest, in the one actor that counts them for the event."""

    def __init__(self, *, catalogue: Catalogue, router: Router, secret: bytes) -> None:
        self._catalogue = catalogue
        self._router = router
        self._secret = secret

    def apply_to(self, held: Reservation) -> bool:
        """Whether its payment needs a claim."""
        shares = (share for line in held.lines for share in line.of_ticket_types)
        return any(self._guests_of(share.ticket_type_id) is not None for share in shares)

    async def claim(self, held: Reservation, email: str) -> Reservation | Refusal:
        """The reservation with its claims; LIMIT_EXCEEDED if the guest would have too many."""
        counts = self._counts(held)
        if not counts:
            return held
        if not email:
            return invalid("email", "Please give your e-mail address: there is a limit for each guest.")
        guest = self._guest(email)
        home = held.home
        commands = [
            Reserve(
                home.reservation_id,
                quantity,
                CLAIM_SECONDS,
                parts=(home.inventory_id, inventory_id),
                guest=guest,
            )
            for inventory_id, quantity in counts.items()
        ]
        outcomes = await asyncio.gather(*map(self._router.ask, counts, commands))
        claimed = _claimed(held, outcomes)
        if isinstance(claimed, Refusal):
            for inventory_id in counts:  # what the others have granted; nobody needs to wait for this
                self._router.ask(inventory_id, Release(home.reservation_id))
        return claimed

    def _counts(self, held: Reservation) -> Counter[InventoryId]:
        """How many tickets each event's limit is asked for."""
        counts: Counter[InventoryId] = Counter()
        for line in held.lines:
            for share in line.of_ticket_types:
                guests_id = self._guests_of(share.ticket_type_id)
                if guests_id is not None:
                    counts[guests_id] += share.quantity
        return counts

    def _guests_of(self, ticket_type_id: TicketTypeId) -> InventoryId | None:
        """Who counts the guests of its event, if that has a limit."""
        ticket_type = self._catalogue.ticket_type(ticket_type_id)
        event = None if ticket_type is None else self._catalogue.event_of(ticket_type)
        return None if event is None or event.max_per_guest is None else event.guests_id

    def _guest(self, email: str) -> str:
        """The same for every way to write an address."""
        local, _, domain = normalize("NFKC", email.strip()).casefold().rpartition("@")
        folded = f"{local.partition('+')[0].strip(_QUOTE)}@{domain.rstrip('.')}"
        return hashlib.blake2b(folded.encode(), key=self._secret, digest_size=_GUEST_DIGEST_BYTES).hexdigest()


def _claimed(held: Reservation, outcomes: Sequence[Line | Departed | Refusal]) -> Reservation | Refusal:
    claims: list[Line] = []
    for outcome in outcomes:
        if isinstance(outcome, Refusal):
            return outcome
        assert isinstance(outcome, Line), "without a key, nothing made before can be meant"
        claims.append(outcome)
    return msgspec.structs.replace(held, claims=tuple(claims))
