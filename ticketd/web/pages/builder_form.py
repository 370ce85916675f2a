"""The simple builder of seat maps: a line for each section."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.core.seat_maps import SeatMap
from ticketd.services.seat_maps.builder import NumberedFrom, RowNames, SectionPlan, seat_map_from_plans
from ticketd.services.seat_maps.built import plans_of
from ticketd.services.seat_maps.documents import PART_LENGTH_MAX, ROW_SEATS_MAX, ROWS_MAX
from ticketd.web.pages.fields import Choice, Field, filled
from ticketd.web.pages.typed import Typed

SECTIONS_MAX: Final = 12
"""In the form; whoever has more imports them."""

_LINES_MIN: Final = 2
_AISLES_LENGTH_MAX: Final = 200
_PLACE = re.compile(r"sections\[(?P<index>[0-9]+)\]\.(?P<field>[a-z_]+)")
_ROW_NAMES: Final = (Choice(RowNames.LETTERS, "A, B, C …"), Choice(RowNames.NUMBERS, "1, 2, 3 …"))
_SIDES: Final = (Choice(NumberedFrom.LEFT, "From the left"), Choice(NumberedFrom.RIGHT, "From the right"))


def builder_lines(form: Mapping[str, str], errors: Sequence[FieldError] = ()) -> Sequence[Sequence[Field]]:
    """The lines that are filled in and an empty one, with what is wrong in them."""
    shown = min(max(_LINES_MIN, max(_used(form), default=0) + 1), SECTIONS_MAX)
    return [filled(_line(number), form, errors) for number in range(1, shown + 1)]


def values_of(seat_map: SeatMap) -> dict[str, str]:
    """What the lines show of a seat map; nothing of one that they can't describe."""
    if len(seat_map.sections) > SECTIONS_MAX:
        return {}
    return {
        f"{name}_{number}": value
        for number, plan in enumerate(plans_of(seat_map), start=1)
        for name, value in _plan_values(plan).items()
    }


def built_from(form: Mapping[str, str]) -> SeatMap | Refusal:
    """The seat map that the lines describe; empty ones don't count."""
    typed = Typed(form)
    used = list(_used(form))
    plans = [_plan(typed, number) for number in used]
    if not used:
        typed.missing("name_1", "Please describe one section at least.")
    if typed.errors:
        return Refusal(Reason.INVALID, errors=tuple(typed.errors))
    built = seat_map_from_plans(plans)
    return _in_lines(built, used) if isinstance(built, Refusal) else built


def _used(form: Mapping[str, str]) -> Iterator[int]:
    for number in range(1, SECTIONS_MAX + 1):
        if any(
            form.get(f"{name}_{number}", "").strip() for name in ("name", "rows", "seats", "aisles_after")
        ):
            yield number


def _line(number: int) -> Sequence[Field]:
    return (
        Field(name=f"name_{number}", label="Name", attributes={"maxlength": str(PART_LENGTH_MAX)}),
        _count(f"rows_{number}", "Rows", ROWS_MAX),
        _count(f"seats_{number}", "Seats in a row", ROW_SEATS_MAX),
        Field(name=f"row_names_{number}", label="Rows are called", kind="select", choices=_ROW_NAMES),
        Field(name=f"numbered_from_{number}", label="Seats are numbered", kind="select", choices=_SIDES),
        Field(
            name=f"aisles_after_{number}",
            label="Aisles after seats",
            attributes={"placeholder": "5, 15", "maxlength": str(_AISLES_LENGTH_MAX)},
        ),
    )


def _count(name: str, label: str, most: int) -> Field:
    limits = {"min": "1", "max": str(most), "inputmode": "numeric"}
    return Field(name=name, label=label, kind="number", attributes=limits)


def _plan(typed: Typed, number: int) -> SectionPlan:
    name, rows, seats = (
        typed.text(f"name_{number}"),
        typed.whole(f"rows_{number}"),
        typed.whole(f"seats_{number}"),
    )
    row_names = typed.one_of(f"row_names_{number}", RowNames)
    numbered_from = typed.one_of(f"numbered_from_{number}", NumberedFrom)
    return SectionPlan(
        name=name if isinstance(name, str) else "",
        rows=rows if isinstance(rows, int) else 0,
        seats=seats if isinstance(seats, int) else 0,
        row_names=row_names if isinstance(row_names, RowNames) else RowNames.LETTERS,
        numbered_from=numbered_from if isinstance(numbered_from, NumberedFrom) else NumberedFrom.LEFT,
        aisles_after=typed.wholes(f"aisles_after_{number}"),
    )


def _plan_values(plan: SectionPlan) -> dict[str, str]:
    return {
        "name": plan.name,
        "rows": str(plan.rows),
        "seats": str(plan.seats),
        "row_names": plan.row_names,
        "numbered_from": plan.numbered_from,
        "aisles_after": ", ".join(map(str, plan.aisles_after)),
    }


def _in_lines(refusal: Refusal, used: Sequence[int]) -> Refusal:
    """The refusal with the builder's places as fields of the form."""
    errors = tuple(FieldError(_field(error.field, used), error.message) for error in refusal.errors)
    return msgspec.structs.replace(refusal, errors=errors)


def _field(place: str, used: Sequence[int]) -> str:
    found = _PLACE.fullmatch(place)
    return f"name_{used[0]}" if found is None else f"{found['field']}_{used[int(found['index'])]}"
