"""How organizers write a seat map down: the JSON of the API, and the limits that hold for every way in."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

SECTIONS_MAX: Final = 1000
ROWS_MAX: Final = 500
"""In one section."""
ROW_SEATS_MAX: Final = 500
SEATS_MAX: Final = 100_000
PART_LENGTH_MAX: Final = 40
"""Of a section's, a row's or a seat's name."""
COORDINATE_MAX: Final = 100_000.0
"""In seats, to every side."""


def _documented(description: str, **limits: Any) -> Meta:
    """Limits that the schema shows; they are checked where the place of each error is known."""
    return Meta(description=description, extra_json_schema=limits)


Part = Annotated[
    str,
    _documented(
        "A name, unique among its neighbours.",
        minLength=1,
        maxLength=PART_LENGTH_MAX,
        pattern="^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029-]*$",
    ),
]
Coordinate = Annotated[
    float,
    _documented(
        "1 is from one seat to the next; y grows away from the stage at 0.",
        minimum=-COORDINATE_MAX,
        maximum=COORDINATE_MAX,
    ),
]
Position = Annotated[int, _documented("A seat of the row, from 1.", minimum=1, maximum=ROW_SEATS_MAX - 1)]


class SeatDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A seat; without coordinates it stands where it would in a plain row."""

    name: Part
    x: Coordinate | None = None
    y: Coordinate | None = None
    accessible: bool = False
    companion: bool = False
    blocked: bool = False


class RowDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row, from left to right; an aisle is a gap of one seat after the seat at that position."""

    name: Part
    seats: (
        Annotated[int, _documented("So many, named 1, 2, 3 …", minimum=1, maximum=ROW_SEATS_MAX)]
        | Annotated[
            tuple[Part | SeatDocument, ...], _documented("Each one.", minItems=1, maxItems=ROW_SEATS_MAX)
        ]
    )
    aisles_after: tuple[Position, ...] = ()


class SectionDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A section; `x` and `y` are where the middle of its first row stands, else behind the section before."""

    name: Part
    rows: Annotated[tuple[RowDocument, ...], _documented("Front to back.", minItems=1, maxItems=ROWS_MAX)]
    x: Coordinate | None = None
    y: Coordinate | None = None
    focus: Annotated[
        tuple[Coordinate, Coordinate] | None, _documented("The nearer to this point, the better a seat.")
    ] = None


class SeatMapDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole house; 100,000 seats at most."""

    sections: Annotated[
        tuple[SectionDocument, ...], _documented("Front to back.", minItems=1, maxItems=SECTIONS_MAX)
    ]


def row_length(row: RowDocument) -> int:
    """How many seats a row has."""
    return row.seats if isinstance(row.seats, int) else len(row.seats)
