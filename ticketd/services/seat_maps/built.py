"""Seat maps back in the words of the simple builder, to be changed there."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from ticketd.core.seat_maps import SEAT_SPACING, Row, SeatMap, Section
from ticketd.services.seat_maps.builder import NumberedFrom, RowNames, SectionPlan, seat_map_from_plans

_AISLE: Final = 1.5 * SEAT_SPACING
_FIRST_LETTER: Final = "A"
_FIRST_NUMBER: Final = "1"


def plans_of(seat_map: SeatMap) -> Sequence[SectionPlan]:
    """The plans that the builder makes exactly this map of; none if it can't."""
    plans = [_plan(section) for section in seat_map.sections]
    return plans if seat_map_from_plans(plans) == seat_map else ()


def _plan(section: Section) -> SectionPlan:
    first = section.rows[0]
    return SectionPlan(
        name=section.name,
        rows=len(section.rows),
        seats=len(first.seats),
        row_names=RowNames.LETTERS if first.name == _FIRST_LETTER else RowNames.NUMBERS,
        numbered_from=NumberedFrom.LEFT if first.seats[0].name == _FIRST_NUMBER else NumberedFrom.RIGHT,
        aisles_after=tuple(_aisles(first)),
    )


def _aisles(row: Row) -> Iterator[int]:
    """The numbers of the seats before the gaps, counted from where the row's numbers begin."""
    is_mirrored = row.seats[0].name != _FIRST_NUMBER
    for position, (seat, following) in enumerate(pairwise(row.seats), start=1):
        if following.x - seat.x > _AISLE:
            yield len(row.seats) - position if is_mirrored else position
