"""What can be wrong with a seat map, and where; each way in tells the places in its own words."""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.core.seat_maps import SeatMap
from ticketd.services.seat_maps.documents import (
    COORDINATE_MAX,
    PART_LENGTH_MAX,
    ROW_SEATS_MAX,
    ROWS_MAX,
    SEATS_MAX,
    SECTIONS_MAX,
    RowDocument,
    SeatDocument,
    SeatMapDocument,
    SectionDocument,
    row_length,
)
from ticketd.services.seat_maps.layout import laid_out
from ticketd.services.texts import is_line

ERRORS_MAX: Final = 20
"""No more than these are told at once."""

_TOO_FAR: Final = f"From -{COORDINATE_MAX:,.0f} to {COORDINATE_MAX:,.0f}."


class MapPlace(NamedTuple):
    """A spot in a seat map's description, counted from 0; None and "" where it goes no deeper."""

    section: int | None = None
    row: int | None = None
    seat: int | None = None
    field: str = ""


class Flaw(NamedTuple):
    """What is wrong at a place."""

    place: MapPlace
    message: str


def seat_map_or_refusal(document: SeatMapDocument, field_of: Callable[[MapPlace], str]) -> SeatMap | Refusal:
    """The seat map, or what is wrong with its description, in fields as `field_of` names them."""
    errors = _field_errors(flaws_of(document), field_of)
    if errors:
        return Refusal(Reason.INVALID, errors=errors)
    seat_map = laid_out(document)
    errors = _field_errors(_flaws_of_layout(seat_map), field_of)
    return Refusal(Reason.INVALID, errors=errors) if errors else seat_map


def _field_errors(flaws: Iterable[Flaw], field_of: Callable[[MapPlace], str]) -> tuple[FieldError, ...]:
    """The first few, none of them twice: one field may stand for several places."""
    errors: dict[FieldError, None] = {}
    for flaw in flaws:
        errors[FieldError(field_of(flaw.place), flaw.message)] = None
        if len(errors) == ERRORS_MAX:
            break
    return tuple(errors)


def flaws_of(document: SeatMapDocument) -> Iterator[Flaw]:
    """All that is wrong, sizes first; of a house with too many seats only these."""
    yield from _size_flaws(document)
    rows = (row for section in document.sections for row in section.rows)
    if sum(map(row_length, rows)) > SEATS_MAX:
        yield Flaw(MapPlace(), f"At most {SEATS_MAX:,} seats in all.")
        return
    yield from _name_flaws(
        (MapPlace(index, field="name"), section.name) for index, section in enumerate(document.sections)
    )
    for index, section in enumerate(document.sections):
        yield from _section_flaws(MapPlace(index), section)


def _size_flaws(document: SeatMapDocument) -> Iterator[Flaw]:
    yield from _length_flaws(MapPlace(field="sections"), len(document.sections), SECTIONS_MAX, "section")
    for index, section in enumerate(document.sections):
        yield from _length_flaws(MapPlace(index, field="rows"), len(section.rows), ROWS_MAX, "row")
        for row_index, row in enumerate(section.rows):
            yield from _length_flaws(
                MapPlace(index, row_index, field="seats"), row_length(row), ROW_SEATS_MAX, "seat"
            )


def _section_flaws(place: MapPlace, section: SectionDocument) -> Iterator[Flaw]:
    for field, coordinate in (("x", section.x), ("y", section.y)):
        yield from _coordinate_flaws(place._replace(field=field), coordinate)
    for coordinate in section.focus or ():
        yield from _coordinate_flaws(place._replace(field="focus"), coordinate)
    yield from _name_flaws(
        (place._replace(row=index, field="name"), row.name) for index, row in enumerate(section.rows)
    )
    for index, row in enumerate(section.rows):
        yield from _row_flaws(place._replace(row=index), row)


def _row_flaws(place: MapPlace, row: RowDocument) -> Iterator[Flaw]:
    if any(not 1 <= position < row_length(row) for position in row.aisles_after):
        yield Flaw(place._replace(field="aisles_after"), "An aisle must be between two seats of the row.")
    if isinstance(row.seats, int):
        return
    yield from _name_flaws(
        (MapPlace(place.section, place.row, index), seat)
        if isinstance(seat, str)
        else (MapPlace(place.section, place.row, index, "name"), seat.name)
        for index, seat in enumerate(row.seats)
    )
    for index, seat in enumerate(row.seats):
        if isinstance(seat, SeatDocument):
            yield from _coordinate_flaws(place._replace(seat=index, field="x"), seat.x)
            yield from _coordinate_flaws(place._replace(seat=index, field="y"), seat.y)


def _length_flaws(place: MapPlace, length: int, most: int, thing: str) -> Iterator[Flaw]:
    if length < 1:
        yield Flaw(place, f"At least one {thing} is needed.")
    elif length > most:
        yield Flaw(place, f"At most {most:,} {thing}s.")


def _name_flaws(named: Iterable[tuple[MapPlace, str]]) -> Iterator[Flaw]:
    taken: set[str] = set()
    for place, name in named:
        stripped = name.strip()
        message = _name_flaw(stripped)
        if message:
            yield Flaw(place, message)
        elif stripped in taken:
            yield Flaw(place, "There is one of this name already.")
        taken.add(stripped)


@lru_cache(maxsize=1024)
def _name_flaw(name: str) -> str:
    if not name:
        return "A name is needed."
    if len(name) > PART_LENGTH_MAX:
        return f"At most {PART_LENGTH_MAX} characters."
    if "-" in name:
        return "No “-”, please: it stands between the parts of a seat's id."
    return "" if is_line(name) else "Control characters are not allowed."


def _coordinate_flaws(place: MapPlace, coordinate: float | None) -> Iterator[Flaw]:
    if coordinate is not None and not is_coordinate(coordinate):
        yield Flaw(place, _TOO_FAR)


def is_coordinate(value: float) -> bool:
    """Whether it is a number, and not too far away to be in any house."""
    return math.isfinite(value) and abs(value) <= COORDINATE_MAX


def _flaws_of_layout(seat_map: SeatMap) -> Iterator[Flaw]:
    """Sections that were laid out behind one far away may have come too far themselves."""
    for index, section in enumerate(seat_map.sections):
        seats = (seat for row in section.rows for seat in row.seats)
        if not all(is_coordinate(seat.x) and is_coordinate(seat.y) for seat in seats):
            yield Flaw(MapPlace(index), f"Its seats come too far away. {_TOO_FAR}")
