"""Seat maps as spreadsheets write them: one seat a line, errors by line and column."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.core.seat_maps import SeatMap
from ticketd.services.seat_maps.documents import (
    SEATS_MAX,
    RowDocument,
    SeatDocument,
    SeatMapDocument,
    SectionDocument,
)
from ticketd.services.seat_maps.flaws import ERRORS_MAX, MapPlace, flaws_of, seat_map_or_refusal
from ticketd.services.texts import is_line

NEEDED: Final = ("section", "row", "seat")
BYTE_ORDER_MARK: Final = "\ufeff"
COLUMNS: Final = (*NEEDED, "x", "y", "accessible", "companion", "blocked")

_SHOWN_CHARACTERS_MAX: Final = 40
_NUMBER = re.compile(r"[-+0-9.eE]{1,30}")
_YES: Final = frozenset({"1", "true", "yes", "x"})
_NO: Final = frozenset({"", "0", "false", "no"})


def seat_map_from_csv(text: str) -> SeatMap | Refusal:
    """The seat map in a CSV file; errors name places like `line 17: seat`.

    Commas separate, or semicolons (then coordinates may have decimal commas). Sections and rows come
    in the order of their first seats.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    separator = ";" if ";" in text.lstrip().partition("\n")[0] else ","
    sheet = _Sheet(text, separator)
    sheet.read()
    return sheet.seat_map()


class _Spot(NamedTuple):
    line: int
    column: str
    """Empty for the whole line."""

    def field(self) -> str:
        return f"line {self.line}: {self.column}" if self.column else f"line {self.line}"


class _Error(NamedTuple):
    spot: _Spot
    message: str


class _Seat(NamedTuple):
    line: int
    seat: SeatDocument


class _Sheet:
    """A file that is being read; `errors` says what couldn't be."""

    def __init__(self, text: str, separator: str) -> None:
        self.errors: list[_Error] = []
        self._lines = csv.reader(
            io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True
        )
        self._decimal_mark = "," if separator == ";" else "."
        self._rows: dict[str, dict[str, list[_Seat]]] = {}
        """The seats of each row of each section."""

    def read(self) -> None:
        """Take in the header and all lines, or as many as it takes to have said enough."""
        records = self._records()
        line, header = next(records, (1, []))
        columns = [name.strip().lower() for name in header]
        self._check_columns(line, columns)
        if self.errors:
            return
        for count, (line, cells) in enumerate(records, start=1):
            if count > SEATS_MAX:
                self._wrong(line, "", f"At most {SEATS_MAX:,} seats in all.")
            elif len(cells) != len(columns):
                self._wrong(line, "", f"There should be {len(columns)} cells, and there are {len(cells)}.")
            else:
                self._take(line, dict(zip(columns, map(str.strip, cells), strict=True)))
            if count > SEATS_MAX or len(self.errors) >= ERRORS_MAX:
                return

    def _records(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Where each begins, and its cells; not those that are blank."""
        line = 1
        try:
            for cells in self._lines:
                if any(cell.strip() for cell in cells):
                    yield line, cells
                line = self._lines.line_num + 1
        except csv.Error as error:
            self._wrong(line, "", f"This can't be read as CSV: {error}.")

    def _check_columns(self, line: int, columns: Sequence[str]) -> None:
        for number, name in enumerate(columns, start=1):
            shown = name[:_SHOWN_CHARACTERS_MAX] if name and is_line(name) else f"column {number}"
            if name not in COLUMNS:
                self._wrong(line, shown, f"There is no such column. There are: {', '.join(COLUMNS)}.")
            elif name in columns[: number - 1]:
                self._wrong(line, shown, "There are two columns of this name.")
            if len(self.errors) >= ERRORS_MAX:
                return
        for name in NEEDED:
            if name not in columns:
                self._wrong(line, name, "This column is needed.")

    def _take(self, line: int, cells: Mapping[str, str]) -> None:
        seat = SeatDocument(
            cells["seat"],
            self._coordinate(line, "x", cells),
            self._coordinate(line, "y", cells),
            self._flag(line, "accessible", cells),
            self._flag(line, "companion", cells),
            self._flag(line, "blocked", cells),
        )
        rows = self._rows.setdefault(cells["section"], {})
        rows.setdefault(cells["row"], []).append(_Seat(line, seat))

    def _coordinate(self, line: int, column: str, cells: Mapping[str, str]) -> float | None:
        text = cells.get(column, "")
        if not text:
            return None
        number = text.replace(self._decimal_mark, ".")
        try:
            if _NUMBER.fullmatch(number):
                return float(number)
        except ValueError:
            pass
        self._wrong(line, column, "This must be a number.")
        return None

    def _flag(self, line: int, column: str, cells: Mapping[str, str]) -> bool:
        text = cells.get(column, "").lower()
        if text not in _YES and text not in _NO:
            self._wrong(line, column, "This must be yes or no, or empty.")
        return text in _YES

    def _wrong(self, line: int, column: str, message: str) -> None:
        self.errors.append(_Error(_Spot(line, column), message))

    def seat_map(self) -> SeatMap | Refusal:
        """The seat map, or all that is wrong with it, top to bottom."""
        document = self._document()
        outcome = seat_map_or_refusal(document, lambda place: self._spot(place).field())
        if isinstance(outcome, SeatMap) and not self.errors:
            return outcome
        flaws = islice(flaws_of(document), ERRORS_MAX) if self._rows else ()
        found = sorted((*self.errors, *{_Error(self._spot(flaw.place), flaw.message) for flaw in flaws}))
        if not found:
            return outcome
        return Refusal(
            Reason.INVALID,
            errors=tuple(FieldError(spot.field(), message) for spot, message in found[:ERRORS_MAX]),
        )

    def _document(self) -> SeatMapDocument:
        return SeatMapDocument(
            tuple(
                SectionDocument(
                    section,
                    tuple(RowDocument(row, tuple(seat for _, seat in seats)) for row, seats in rows.items()),
                )
                for section, rows in self._rows.items()
            )
        )

    def _spot(self, place: MapPlace) -> _Spot:
        """Where the place's seat stands, or the first one of its row or section."""
        if place.section is None:
            return _Spot(1, "section")
        rows = list(self._rows.values())[place.section]
        seats = list(rows.values())[place.row or 0]
        column = "section" if place.row is None else "row" if place.seat is None else "seat"
        return _Spot(seats[place.seat or 0].line, place.field if place.field in COLUMNS else column)
