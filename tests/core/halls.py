"""Small halls for tests: written by hand, or made up by hypothesis."""

from hypothesis import strategies as st

from ticketd.core.hall import Hall
from ticketd.core.ids import SeatId
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section


def row(name: str, seats: str, *, y: float = 0.0) -> Row:
    """A row drawn as text: `o` is a seat, `x` a blocked one, `w` one for a wheelchair, `c` for who comes
    along, a space an aisle; the first stands at 0."""
    places = [(x, mark) for x, mark in enumerate(seats) if mark != " "]
    return Row(
        name,
        tuple(
            Seat(str(number), x, y, mark == "w", mark == "c", mark == "x")
            for number, (x, mark) in enumerate(places, start=1)
        ),
    )


def one_section(*rows: str, focus: tuple[float, float] | None = None) -> Hall:
    """A section S of drawn rows A, B, C …, one seat's width apart."""
    drawn = tuple(row(chr(ord("A") + number), seats, y=number) for number, seats in enumerate(rows))
    return Hall.of(SeatMap((Section("S", drawn, focus),)))


def ids(*names: str) -> tuple[SeatId, ...]:
    """Seats of section S: A1 is S-A-1."""
    return tuple(SeatId(f"S-{name[0]}-{name[1:]}") for name in names)


_QUARTERS = st.integers(-8, 24).map(lambda quarters: quarters / 4)


@st.composite
def _rows(draw: st.DrawFn, name: str, seats_max: int) -> Row:
    gaps = draw(st.lists(st.sampled_from((1.0, 1.0, 1.0, 1.5, 2.0)), min_size=1, max_size=seats_max))
    x, y = draw(_QUARTERS), draw(_QUARTERS)
    seats: list[Seat] = []
    for number, gap in enumerate(gaps, start=1):
        x += gap
        kind = draw(st.integers(0, 19))
        seats.append(
            Seat(str(number), x, y, blocked=kind < 2, accessible=kind == 2, companion=kind in (3, 4))
        )
    return Row(name, tuple(seats))


@st.composite
def seat_maps(draw: st.DrawFn, seats_max: int = 7) -> SeatMap:
    """One to three sections of up to four short rows, aslant, with aisles and blocked seats."""
    return SeatMap(
        tuple(
            Section(
                f"S{number}",
                tuple(draw(_rows(str(row), seats_max)) for row in range(draw(st.integers(1, 4)))),
                draw(st.none() | st.tuples(_QUARTERS, _QUARTERS)),
            )
            for number in range(draw(st.integers(1, 3)))
        )
    )
