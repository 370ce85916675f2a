"""Which seats a guest's form asks for, however they were named.

Ticked in the list (`seat:Stalls-A-1`), by name (`seats`), by section, row and numbers; or the best that
there are (`best_available`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Final

import msgspec

from ticketd.core.hall import Hall
from ticketd.core.ids import SeatId, TicketTypeId, seat_id_of
from ticketd.core.refusals import Refusal, invalid
from ticketd.services.sales import LineRequest
from ticketd.web.pages.buying import NO_QUANTITY, QUANTITY_MAX, listed, quantity_of
from ticketd.web.pages.seat_names import seat_in_words

SEAT_FIELD: Final = "seat:"
NO_SEATS: Final = invalid("seats", "Please choose your seats.")

_NAMES_SAID_MAX = 5
_NAME_LENGTH_SAID_MAX = 60
_RANGE = re.compile(r"(?P<first>[0-9]{1,4})\s*-\s*(?P<last>[0-9]{1,4})")


class SeatWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a form asks for, which may not exist."""

    seats: tuple[SeatId, ...] = ()
    section: str = ""
    row: str = ""
    numbers: str = ""
    best_available: int | None = 0
    """How many of the best seats, 0 if particular ones are wanted, None if that is no number."""
    together: bool = True


def wish_from(form: Mapping[str, str]) -> SeatWish:
    """The wish in a form."""
    wants_best = form.get("buy") == "best" or ("buy" not in form and bool(form.get("best_available")))
    named = chain(_ticked(form), _typed(form.get("seats", "")), _numbered(form))
    return SeatWish(
        # A few letters can name millions; of too many, one too many is enough.
        seats=tuple(islice(named, QUANTITY_MAX + 1)),
        section=form.get("section", ""),
        row=form.get("row", "").strip(),
        numbers=form.get("numbers", "").strip(),
        best_available=(quantity_of(form.get("best_available", "")) or None) if wants_best else 0,
        together="apart" not in form,
    )


def line_of(wish: SeatWish, ticket_type_id: TicketTypeId, hall: Hall) -> LineRequest | Refusal:
    """The line of a reservation that the wish comes to; INVALID in words if it is none."""
    if wish.best_available is None:
        return NO_QUANTITY
    if wish.best_available:
        return LineRequest(ticket_type_id, best_available=wish.best_available, together=wish.together)
    if not wish.seats:
        return NO_SEATS
    if len(wish.seats) > QUANTITY_MAX:
        return invalid("seats", f"At most {QUANTITY_MAX} seats can be had at once.")
    unknown = [seat for seat in dict.fromkeys(wish.seats) if hall.find(seat) is None]
    if unknown:
        return invalid("seats", f"There is no seat {_said(unknown)} here.")
    twice = [seat for seat, times in Counter(wish.seats).items() if times > 1]
    if twice:
        return invalid("seats", f"You have named {_said(twice)} more than once.")
    return LineRequest(ticket_type_id, seats=wish.seats)


def _ticked(form: Mapping[str, str]) -> Iterator[SeatId]:
    return (SeatId(name.removeprefix(SEAT_FIELD)) for name in form if name.startswith(SEAT_FIELD))


def _typed(text: str) -> Iterator[SeatId]:
    return (SeatId(name) for part in re.split(r"[,;\n]", text) if (name := part.strip()))


def _numbered(form: Mapping[str, str]) -> Iterator[SeatId]:
    row = form.get("row", "").strip()
    for number in _each(re.split(r"[,;\s]+", _RANGE.sub(r"\1-\2", form.get("numbers", "")))):
        yield seat_id_of(form.get("section", ""), row, number)


def _each(texts: Iterable[str]) -> Iterator[str]:
    for text in filter(None, texts):
        between = _RANGE.fullmatch(text)
        if between is None:
            yield text
        else:
            first, last = int(between["first"]), int(between["last"])
            yield from map(str, range(first, min(last, first + QUANTITY_MAX) + 1))


def _said(seats: Sequence[SeatId]) -> str:
    """Their names, as long as they are few and short enough to be read."""
    shown = [
        name if len(name) <= _NAME_LENGTH_SAID_MAX else f"{name[:_NAME_LENGTH_SAID_MAX]}…"
        for name in map(seat_in_words, seats[:_NAMES_SAID_MAX])
    ]
    if len(seats) > len(shown):
        shown.append(f"{len(seats) - len(shown)} more")
    return listed(shown)
