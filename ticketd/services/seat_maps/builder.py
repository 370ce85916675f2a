"""The simple way to describe a house: per section, how many rows of how many seats."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, assert_never

import msgspec

from ticketd.core.refusals import Refusal
from ticketd.core.seat_maps import SeatMap
from ticketd.services.seat_maps.documents import (
    ROW_SEATS_MAX,
    ROWS_MAX,
    RowDocument,
    SeatMapDocument,
    SectionDocument,
)
from ticketd.services.seat_maps.flaws import MapPlace, seat_map_or_refusal

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class RowNames(StrEnum):
    """How rows are named, from the front."""

    LETTERS = "letters"
    NUMBERS = "numbers"


class NumberedFrom(StrEnum):
    """On which side the seats begin with 1, for one who looks at the stage."""

    LEFT = "left"
    RIGHT = "right"


class SectionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A section of equal rows."""

    name: str
    rows: int
    seats: int
    """In each row."""
    row_names: RowNames = RowNames.LETTERS
    numbered_from: NumberedFrom = NumberedFrom.LEFT
    aisles_after: tuple[int, ...] = ()
    """After the seats of these numbers."""


def seat_map_from_plans(plans: Sequence[SectionPlan]) -> SeatMap | Refusal:
    """The house with these sections one behind the other; errors name fields like `sections[0].rows`."""
    return seat_map_or_refusal(SeatMapDocument(tuple(map(_section, plans))), _plan_field)


def _section(plan: SectionPlan) -> SectionDocument:
    """At most one row and one seat more than allowed, however many are planned."""
    rows, seats = min(plan.rows, ROWS_MAX + 1), min(plan.seats, ROW_SEATS_MAX + 1)
    numbers = [str(number) for number in range(1, seats + 1)]
    aisles_after = plan.aisles_after
    match plan.numbered_from:
        case NumberedFrom.LEFT:
            pass
        case NumberedFrom.RIGHT:
            numbers.reverse()
            aisles_after = tuple(seats - number for number in aisles_after)
        case _:
            assert_never(plan.numbered_from)
    names = (_row_name(plan.row_names, index) for index in range(rows))
    return SectionDocument(
        plan.name, tuple(RowDocument(name, tuple(numbers), aisles_after) for name in names)
    )


def _row_name(row_names: RowNames, index: int) -> str:
    match row_names:
        case RowNames.LETTERS:
            return letters(index)
        case RowNames.NUMBERS:
            return str(index + 1)
        case _:
            assert_never(row_names)


def letters(index: int) -> str:
    """A to Z for 0 to 25, then AA, AB and so on, as spreadsheets name columns."""
    name = ""
    while index >= 0:
        index, letter = divmod(index, len(LETTERS))
        name = LETTERS[letter] + name
        index -= 1
    return name


def _plan_field(place: MapPlace) -> str:
    """Rows are alike: what is wrong with one is wrong with its section's field."""
    return f"sections[{place.section}].{place.field}" if place.section is not None else "sections"
