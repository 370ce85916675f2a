"""An inventory whose decisions are applied at once, and audited on the way."""

import msgspec

from tests.core.soundness import content, reborn, replayed, sound
from ticketd.core import commands as c
from ticketd.core import facts as f
from ticketd.core.hall import Hall
from ticketd.core.ids import SECOND, Instant, InventoryId, OrganizerId, ReservationId, TicketTypeId
from ticketd.core.inventory import Inventory
from ticketd.core.outcomes import AccessCode, AccessCodes, Outcome
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Line
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.core.terms import Kind, Profile, Terms

HOME, OTHER = InventoryId(7), InventoryId(8)
CART = (HOME, OTHER)
ONE = ReservationId("one")
START = Instant(1_800_000_000 * SECOND)
HOLD_SECONDS = 900
PROFILE = Profile(OrganizerId(1), None, "code")
POOL = Profile(OrganizerId(1), None, "pool", Kind.CAPACITY)
GUESTS = Profile(OrganizerId(1), None, "guests", Kind.GUESTS)


class Desk:
    """One inventory, and the ledger that it writes."""

    def __init__(
        self,
        inventory_id: InventoryId = HOME,
        *,
        capacity: int = 10,
        opened: bool = True,
        profile: Profile = PROFILE,
        hall: bytes = b"",
    ) -> None:
        self.inventory = Inventory(inventory_id)
        self.now = START
        self.ledger: list[f.AnyFact] = []
        if opened:
            self.send(c.Open(profile, Terms("VIP", capacity, 5_00), None, hall=hall))

    def send(self, command: c.AnyCommand) -> Outcome:
        """Its outcome; AssertionError if deciding changed anything, or a refusal did."""
        before = content(self.inventory)
        decision = self.inventory.decide(command, self.now)
        assert content(self.inventory) == before, "decide changes nothing"
        if isinstance(decision.answer, Refusal):
            assert all(isinstance(fact, f.Expired) for fact in decision.facts), "a no is no fact"
        for fact in decision.facts:
            self.inventory.apply(fact)
            self.ledger.append(fact)
            sound(self.inventory)
        return self.inventory.outcome(decision.answer)

    def reserve(self, name: str = ONE, quantity: int = 1, parts: tuple[InventoryId, ...] = ()) -> Outcome:
        """Hold some."""
        return self.send(c.Reserve(ReservationId(name), quantity, HOLD_SECONDS, parts=parts))

    def pay(self, name: str = ONE) -> Outcome:
        """Begin to pay for what is held."""
        return self.send(c.StartPayment(ReservationId(name)))

    def buy(self, name: str = ONE) -> Outcome:
        """Pay for what is held."""
        self.pay(name)
        return self.send(c.Confirm(ReservationId(name), 1, ()))

    def pass_time(self, seconds: float) -> None:
        """Later."""
        self.now = Instant(self.now + round(seconds * SECOND))

    def codes(self, ticket_type_id: TicketTypeId = f.OWN) -> dict[str, int]:
        """How many were used of each access code."""
        listed = self.send(c.ListAccessCodes(ticket_type_id))
        assert isinstance(listed, AccessCodes)
        return {code.code: code.used for code in listed.codes}

    def code(self, name: str) -> AccessCode:
        """One access code."""
        listed = self.send(c.ListAccessCodes())
        assert isinstance(listed, AccessCodes)
        return next(code for code in listed.codes if code.code == name)

    def check_ledger(self) -> None:
        """AssertionError unless a restart finds what is here: from the facts, and from a snapshot."""
        state = content(self.inventory)
        assert content(replayed(self.inventory.id, self.ledger)) == state
        assert content(reborn(self.inventory)) == state


def hall(*rows: int, blocked: tuple[str, ...] = ()) -> Hall:
    """Stalls with so many seats in each row: Stalls-A-1 and so on."""
    seats = [
        tuple(Seat(str(x), x, y, blocked=f"{chr(65 + y)}-{x}" in blocked) for x in range(1, count + 1))
        for y, count in enumerate(rows)
    ]
    made = tuple(Row(chr(65 + y), row) for y, row in enumerate(seats))
    return Hall.of(SeatMap((Section("Stalls", made),)))


def status(outcome: Outcome) -> str:
    """A line's status; of another outcome its kind."""
    return str(outcome.status) if isinstance(outcome, Line) else type(outcome).__name__


def no(outcome: Outcome) -> Refusal:
    """A refusal without its words."""
    assert isinstance(outcome, Refusal), outcome
    return msgspec.structs.replace(outcome, detail=None)
