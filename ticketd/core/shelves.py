"""Ticket types that draw on one shared capacity: each on a shelf of its own."""

from collections.abc import Iterable, Iterator

from ticketd.core.access_codes import AccessCodeBook
from ticketd.core.ids import InventoryId, TicketTypeId
from ticketd.core.moves import Move
from ticketd.core.outcomes import Figures, Offer
from ticketd.core.refusals import Refusal
from ticketd.core.reservations import Share
from ticketd.core.snapshots import ShelfAtRest
from ticketd.core.terms import EventWindow, Profile, Terms, sale_time


class Shelf:
    """One ticket type's terms, and how much of the shared capacity it has taken."""

    def __init__(
        self, ticket_type_id: TicketTypeId, profile: Profile, terms: Terms, window: EventWindow | None
    ) -> None:
        self.id = ticket_type_id
        self.profile = profile
        self.seq = 0
        """The fact that changed its terms last."""
        self.held = self.paying = self.sold = 0
        self.revenue_cents = 0
        self.codes = AccessCodeBook()
        self.deleted = False
        self.sell_on(terms, window)

    def sell_on(self, terms: Terms, window: EventWindow | None) -> None:
        """Sell on these terms from now on, while this window is open."""
        self.terms, self.window = terms, window
        self.sale_time = sale_time(terms, window)

    @property
    def taken(self) -> int:
        """Held, paying and sold."""
        return self.held + self.paying + self.sold

    def room(self, free: int) -> int:
        """How many of the shared `free` ones it may still sell."""
        return max(0, min(free, self.terms.capacity - self.taken))

    def room_refusal(self, quantity: int, access_code: str, free: int) -> Refusal | None:
        """SOLD_OUT if there aren't so many, of the shared ones, its own and those of the code."""
        return self.codes.room_refusal(access_code, quantity, self.room(free))

    def follow(self, quantity: int, unit_price_cents: int, move: Move) -> None:
        """Take in a step of what a line has of it."""
        match move:
            case Move.HOLD:
                self.held += quantity
            case Move.PAY:
                self.held -= quantity
                self.paying += quantity
            case Move.FAIL:
                self.paying -= quantity
                self.held += quantity
            case Move.SELL:
                self.paying -= quantity
                self.sold += quantity
                self.revenue_cents += quantity * unit_price_cents
            case Move.GIVE_BACK:
                self.held -= quantity

    def offer(self, inventory_id: InventoryId, *, capacity: int, free: int) -> Offer:
        """What it shows, with so much of the shared capacity free."""
        figures = Figures(
            min(self.terms.capacity, capacity),
            self.room(free),
            self.held,
            self.paying,
            self.sold,
            self.revenue_cents,
        )
        return Offer(
            inventory_id,
            self.id,
            self.seq,
            self.profile,
            self.terms,
            self.window,
            figures,
            hidden=self.codes.required,
        )


class Shelves:
    """All ticket types of one shared capacity; those deleted can still be asked for by their id."""

    __slots__ = ("_shelves",)

    def __init__(self) -> None:
        self._shelves: dict[TicketTypeId, Shelf] = {}

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Shelf]:
        return (shelf for shelf in self._shelves.values() if not shelf.deleted)

    def __getitem__(self, ticket_type_id: TicketTypeId) -> Shelf:
        return self._shelves[ticket_type_id]

    def get(self, ticket_type_id: TicketTypeId) -> Shelf | None:
        """The shelf of this ticket type, if it is here and not deleted."""
        shelf = self._shelves.get(ticket_type_id)
        return None if shelf is None or shelf.deleted else shelf

    def put(self, shelf: Shelf) -> None:
        """Take in one more ticket type."""
        self._shelves[shelf.id] = shelf

    def follow(self, shares: Iterable[Share], move: Move) -> None:
        """Take in a step of a line that has these shares."""
        for share in shares:
            shelf = self._shelves[share.ticket_type_id]
            shelf.follow(share.quantity, share.unit_price_cents, move)
            shelf.codes.follow(share.access_code, share.quantity, move)

    def at_rest(self) -> tuple[ShelfAtRest, ...]:
        """All there is to keep of the ticket types that aren't deleted."""
        return tuple(
            ShelfAtRest(
                each.id,
                each.seq,
                each.profile,
                each.terms,
                each.window,
                each.sold,
                each.revenue_cents,
                each.codes.at_rest(),
            )
            for each in self
        )

    def restore(self, shelves: Iterable[ShelfAtRest]) -> None:
        """Go on from there; open lines are yet to follow."""
        for each in shelves:
            shelf = Shelf(each.ticket_type_id, each.profile, each.terms, each.window)
            shelf.seq, shelf.sold, shelf.revenue_cents = each.seq, each.sold, each.revenue_cents
            shelf.codes.restore(each.codes)
            self.put(shelf)
