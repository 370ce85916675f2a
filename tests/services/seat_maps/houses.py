"""Seat maps of all kinds, and what a refused one is refused for."""

from hypothesis import strategies as st

from ticketd.core.refusals import Reason, Refusal
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.services.seat_maps.documents import COORDINATE_MAX, PART_LENGTH_MAX
from ticketd.services.texts import is_line

PARTS = (
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=PART_LENGTH_MAX)
    .map(lambda text: text.replace("-", "–").strip())
    .filter(lambda text: text != "" and is_line(text))
)
COORDINATES = st.floats(-COORDINATE_MAX, COORDINATE_MAX).map(lambda coordinate: coordinate + 0.0)

seats = st.builds(Seat, PARTS, COORDINATES, COORDINATES, st.booleans(), st.booleans(), st.booleans())
rows = st.builds(
    Row, PARTS, st.lists(seats, min_size=1, max_size=5, unique_by=lambda seat: seat.name).map(tuple)
)
sections = st.builds(
    Section,
    PARTS,
    st.lists(rows, min_size=1, max_size=4, unique_by=lambda row: row.name).map(tuple),
    st.none() | st.tuples(COORDINATES, COORDINATES),
)
seat_maps = st.builds(
    SeatMap,
    st.lists(sections, min_size=1, max_size=3, unique_by=lambda section: section.name).map(tuple),
)


def errors(outcome: SeatMap | Refusal) -> list[tuple[str, str]]:
    """Each field that is refused, and why."""
    assert isinstance(outcome, Refusal)
    assert outcome.reason is Reason.INVALID
    return [(error.field, error.message) for error in outcome.errors]


def fields(outcome: SeatMap | Refusal) -> list[str]:
    """Each field that is refused."""
    return [field for field, _ in errors(outcome)]


def places(outcome: SeatMap | Refusal) -> list[list[tuple[float, float]]]:
    """Where the seats stand, row by row."""
    assert isinstance(outcome, SeatMap)
    return [[(seat.x, seat.y) for seat in row.seats] for section in outcome.sections for row in section.rows]
