"""Closed lines are at hand, up to a limit."""

from ticketd.core.ids import Instant, InventoryId, ReservationId
from ticketd.core.reservations import Line, ReservationStatus
from ticketd.services.closed_lines import ClosedLines


def line(reservation: str, inventory: int = 1) -> Line:
    at = Instant(0)
    return Line(
        ReservationId(reservation), InventoryId(inventory), 1, ReservationStatus.PAID, 1, 0, at, at, at
    )


def test_a_line_is_found_by_its_reservation_and_its_inventory() -> None:
    closed = ClosedLines()
    closed.put(line("a"))
    closed.put(line("a", 2))
    assert closed.get(ReservationId("a"), InventoryId(2)) == line("a", 2)
    assert closed.get(ReservationId("a"), InventoryId(3)) is None
    assert closed.get(ReservationId("b"), InventoryId(1)) is None


def test_the_oldest_leaves_when_there_is_no_room() -> None:
    closed = ClosedLines(lines_max=2)
    for reservation in ("a", "b", "b", "c"):
        closed.put(line(reservation))
    found = [closed.get(ReservationId(each), InventoryId(1)) for each in ("a", "b", "c")]
    assert found == [None, line("b"), line("c")]
