"""Where seats stand whose places nobody gave: in centred rows, section behind section."""

from collections.abc import Iterator, Sequence

from ticketd.core.seat_maps import SEAT_SPACING, Row, Seat, SeatMap, Section
from ticketd.services.seat_maps.documents import (
    RowDocument,
    SeatDocument,
    SeatMapDocument,
    SectionDocument,
    row_length,
)

ROW_SPACING = 1.0
FRONT_ROW_Y = 1.0
SECTION_GAP = 2.0
"""Between a section's last row and the first row of the one behind: there is room to walk."""


def laid_out(document: SeatMapDocument) -> SeatMap:
    """The seat map of a document without flaws."""
    sections: list[Section] = []
    front_y = FRONT_ROW_Y
    for document_section in document.sections:
        section = _section(document_section, front_y)
        sections.append(section)
        back_y = max(seat.y for row in section.rows for seat in row.seats)
        front_y = max(front_y, back_y + SECTION_GAP)
    return SeatMap(tuple(sections))


def _section(document: SectionDocument, front_y: float) -> Section:
    x = 0.0 if document.x is None else document.x
    y = front_y if document.y is None else document.y
    rows = tuple(_row(row, x, y + index * ROW_SPACING) for index, row in enumerate(document.rows))
    return Section(document.name.strip(), rows, document.focus)


def _row(document: RowDocument, middle_x: float, row_y: float) -> Row:
    offsets = offsets_from_middle(row_length(document), document.aisles_after)
    seats = tuple(
        Seat(
            seat.name.strip(),
            middle_x + offset if seat.x is None else seat.x,
            row_y if seat.y is None else seat.y,
            seat.accessible,
            seat.companion,
            seat.blocked,
        )
        for seat, offset in zip(_seats(document), offsets, strict=True)
    )
    return Row(document.name.strip(), seats)


def _seats(document: RowDocument) -> Iterator[SeatDocument]:
    if isinstance(document.seats, int):
        yield from (SeatDocument(str(number)) for number in range(1, document.seats + 1))
        return
    for seat in document.seats:
        yield SeatDocument(seat) if isinstance(seat, str) else seat


def offsets_from_middle(count: int, aisles_after: Sequence[int]) -> tuple[float, ...]:
    """How far a row's seats are from its middle, from left to right; an aisle is one seat wide."""
    aisles = frozenset(aisles_after)
    from_left: list[float] = []
    position = 0.0
    for seat in range(1, count + 1):
        from_left.append(position)
        position += SEAT_SPACING * (2 if seat in aisles else 1)
    middle = from_left[-1] / 2
    return tuple(offset - middle for offset in from_left)
