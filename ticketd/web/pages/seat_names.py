"""Seats as people call them, in place of their ids."""

from collections.abc import Iterable, Sequence

from ticketd.core.ids import SeatId

_ROW = "{} · Row {}"


def seat_in_words(seat: SeatId) -> str:
    """ "Stalls · Row A · Seat 12"; what is no seat's id stays as it is."""
    match seat.split("-"):
        case [section, row, number] if section and row and number:
            return f"{_ROW.format(section, row)} · Seat {number}"
        case _:
            return seat


def seats_in_words(seats: Iterable[SeatId]) -> Sequence[str]:
    """A hall's seats row by row, like "Stalls · Row A · Seats 2–9, 12".

    static/seat_picker.js says the same.
    """
    numbers_of: dict[str, list[str]] = {}
    for seat in seats:
        section, row, number = seat.split("-")
        numbers_of.setdefault(_ROW.format(section, row), []).append(number)
    return [
        f"{row} · {'Seat' if len(numbers) == 1 else 'Seats'} {_listed(numbers)}"
        for row, numbers in numbers_of.items()
    ]


def _listed(numbers: Sequence[str]) -> str:
    if not all(number.isdecimal() and str(int(number)) == number for number in numbers):
        return ", ".join(numbers)
    runs: list[tuple[int, int]] = []
    for number in sorted(map(int, numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
