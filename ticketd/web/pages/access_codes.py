"""A ticket type's access codes, as they stand on its owner's page."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UnsetType

from ticketd.core.catalogue import TicketType
from ticketd.core.outcomes import AccessCode
from ticketd.core.refusals import Reason, Refusal
from ticketd.services.drafts import CAPACITY_MAX, CODE_LENGTHS
from ticketd.web.context import Services
from ticketd.web.pages.fields import Field, FormState, filled, moment_field
from ticketd.web.pages.guards import Desk
from ticketd.web.pages.typed import Typed
from ticketd.web.pages.words import Moment, moment

ADD, REMOVE = "add_code", "remove_code"
"""What the forms ask for by `action`."""

_PREFIX = "code_"
"""Before the names of fields that the ticket type's own form has, too."""


class CodeRow(msgspec.Struct, frozen=True):
    """An access code in the list."""

    code: str
    used: str
    until: Moment | None


class CodesView(msgspec.Struct, frozen=True):
    """All access codes, and the form for one more."""

    rows: Sequence[CodeRow]
    fields: Sequence[Field]
    error: str


def codes_view(codes: Sequence[AccessCode], timezone: str, state: FormState) -> CodesView:
    """The codes, times being those of `timezone`."""
    return CodesView([_row(each, timezone) for each in codes], _fields(timezone, state), state.sentence)


async def add_code(
    services: Services, desk: Desk, ticket_type: TicketType, form: Mapping[str, str], timezone: str
) -> AccessCode | Refusal:
    """The code that a form asks for, or why not by that form's fields."""
    typed = Typed(form)
    capacity = typed.whole_or_none("code_capacity")
    until = typed.instant("code_until", timezone)
    if typed.errors:
        return Refusal(Reason.INVALID, errors=tuple(typed.errors))
    made = await services.access_codes.set(
        desk.owner.id,
        ticket_type.id,
        code=form.get("code", ""),
        capacity=None if isinstance(capacity, UnsetType) else capacity,
        until=None if isinstance(until, UnsetType) else until,
    )
    return _by_form_fields(made) if isinstance(made, Refusal) else made


def _fields(timezone: str, state: FormState) -> Sequence[Field]:
    fields = (
        Field(
            name="code",
            label="Code",
            hint=f"{CODE_LENGTHS[0]} to {CODE_LENGTHS[-1]} characters, no spaces; the same again changes it.",
            required=True,
            attributes={"maxlength": str(CODE_LENGTHS[-1]), "autocapitalize": "off", "spellcheck": "false"},
        ),
        Field(
            name="code_capacity",
            label="For how many tickets (optional)",
            hint="Empty: as many as there are.",
            kind="number",
            attributes={"min": "1", "max": str(CAPACITY_MAX), "inputmode": "numeric"},
        ),
        moment_field(
            "code_until",
            "Until (optional)",
            hint=f"In the time of {timezone}. Empty: as long as they are on sale.",
            shown=state.values.get("code_until", ""),
        ),
    )
    return filled(fields, state.values, state.errors)


def _row(code: AccessCode, timezone: str) -> CodeRow:
    used = f"{code.used:,}" if code.capacity is None else f"{code.used:,} of {code.capacity:,}"
    return CodeRow(code.code, used, None if code.until is None else moment(code.until, timezone))


def _by_form_fields(refusal: Refusal) -> Refusal:
    errors = tuple(
        msgspec.structs.replace(
            error, field=error.field if error.field == "code" else f"{_PREFIX}{error.field}"
        )
        for error in refusal.errors
    )
    return msgspec.structs.replace(refusal, errors=errors)
