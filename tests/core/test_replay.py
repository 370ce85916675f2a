"""A reservation read back from its facts."""

from ticketd.core.facts import AnyFact, Released, Reserved, Sealed
from ticketd.core.ids import Instant, InventoryId, ReservationId
from ticketd.core.replay import lines_of
from ticketd.core.reservations import ReservationStatus

NOW, LATER = Instant(1_000_000), Instant(2_000_000)
HOME, OTHER = InventoryId(1), InventoryId(2)
CART = ReservationId("cart")


def test_of_a_cart_that_is_half_closed_only_the_closed_lines_are_told() -> None:
    """The fact that reserved a line is found by the one that closed it: of an open line it is missing."""
    history: list[tuple[InventoryId, int, AnyFact]] = [
        (HOME, 3, Reserved(NOW, CART, 1, 500, LATER, parts=(HOME, OTHER))),
        (HOME, 8, Sealed(NOW, CART, LATER)),
        (HOME, 9, Released(NOW, CART, 3)),
        (OTHER, 5, Sealed(NOW, CART, LATER)),
    ]
    lines = lines_of(history)
    assert [(each, line.status) for each, line in lines.items()] == [(HOME, ReservationStatus.RELEASED)]
