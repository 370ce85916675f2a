"""What a seat map says about itself."""

from ticketd.core.seat_maps import Row, Seat, SeatMap, Section, ids_of, seat_count

STALLS = Section(
    "Stalls", (Row("A", (Seat("1", 0, 1), Seat("2", 1, 1, blocked=True))), Row("B", (Seat("1", 0, 2),)))
)
BALCONY = Section("Balcony", (Row("A", (Seat("7a", 0, 9),)),))
HOUSE = SeatMap((STALLS, BALCONY))


def test_seats_are_known_by_section_row_and_number_in_the_order_of_the_map() -> None:
    assert list(ids_of(HOUSE)) == ["Stalls-A-1", "Stalls-A-2", "Stalls-B-1", "Balcony-A-7a"]


def test_blocked_seats_count_as_seats() -> None:
    assert seat_count(HOUSE) == 4
