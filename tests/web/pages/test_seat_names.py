"""Seats in words."""

import pytest

from ticketd.core.ids import SeatId
from ticketd.web.pages.seat_names import seat_in_words, seats_in_words


def named(*seats: str) -> list[str]:
    return list(seats_in_words(map(SeatId, seats)))


def test_seats_that_follow_one_another_are_said_as_one_span() -> None:
    assert named("Stalls-A-2", "Stalls-A-3", "Stalls-A-4", "Stalls-A-12", "Stalls-A-10") == [
        "Stalls · Row A · Seats 2–4, 10, 12"
    ]


def test_each_row_stands_for_itself() -> None:
    assert named("Stalls-A-2", "Balcony-A-7", "Stalls-B-1") == [
        "Stalls · Row A · Seat 2",
        "Balcony · Row A · Seat 7",
        "Stalls · Row B · Seat 1",
    ]


def test_numbers_that_are_no_plain_numbers_stay_as_they_are() -> None:
    assert named("Stalls-A-2", "Stalls-A-03", "Stalls-A-4b") == ["Stalls · Row A · Seats 2, 03, 4b"]


@pytest.mark.parametrize("seat", ["x", "Stalls--1", "a-b-c-d", "--"])
def test_what_is_no_seat_is_said_as_it_was_named(seat: str) -> None:
    assert seat_in_words(SeatId(seat)) == seat
