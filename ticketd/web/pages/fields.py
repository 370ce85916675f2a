"""Forms and their fields as the templates show them."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ticketd.core.refusals import FieldError, Refusal
from ticketd.web import problems

_MINUTE_LENGTH = len("2026-01-01T00:00")


class Choice(msgspec.Struct, frozen=True):
    """One option of a dropdown."""

    value: str
    label: str
    chosen: bool = False


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled input, what is in it and what is wrong with it."""

    name: str
    label: str
    kind: str = "text"
    """An HTML input type, or `select`, `textarea` or `checkboxes`: each choice ticked by itself."""
    value: str = ""
    hint: str = ""
    error: str = ""
    required: bool = False
    autocomplete: str = "off"
    attributes: Mapping[str, str] = {}
    """Further HTML attributes, such as min and maxlength."""
    choices: Sequence[Choice] = ()
    suggestions: Sequence[str] = ()
    """What one may well want to type."""

    @property
    def described_by(self) -> str:
        """The ids of what explains this field, for a screen reader."""
        parts = ((self.hint, f"{self.name}-hint"), (self.error, f"{self.name}-error"))
        return " ".join(id_ for text, id_ in parts if text)


class FormState(msgspec.Struct, frozen=True):
    """What is in a form when it is shown, and why it was refused if it has come back."""

    values: Mapping[str, str] = {}
    refusal: Refusal | None = None

    @property
    def errors(self) -> Sequence[FieldError]:
        """What is wrong with its fields."""
        return () if self.refusal is None else self.refusal.errors

    @property
    def sentence(self) -> str:
        """What is said above it."""
        return "" if self.refusal is None else problems.sentence(self.refusal)


def moment_field(name: str, label: str, *, hint: str, shown: str, required: bool = False) -> Field:
    """A local date and time; in minutes, unless what is `shown` has seconds that must not get lost."""
    return Field(
        name=name,
        label=label,
        hint=hint,
        kind="datetime-local",
        value=shown,
        required=required,
        attributes={"step": "1"} if len(shown) > _MINUTE_LENGTH else {},
    )


def filled(
    fields: Iterable[Field], values: Mapping[str, str], errors: Iterable[FieldError] = ()
) -> tuple[Field, ...]:
    """The fields with what somebody typed into them, and what is wrong with it."""
    messages: dict[str, str] = {}
    for error in errors:
        messages[error.field] = f"{messages.get(error.field, '')} {error.message}".lstrip()
    return tuple(
        msgspec.structs.replace(
            field,
            value=values.get(field.name, field.value),
            error=messages.get(field.name, ""),
            choices=_ticked(field, values) if field.kind == "checkboxes" else _chosen(field, values),
        )
        for field in fields
    )


def box_name(field: str, value: str) -> str:
    """How a form calls the checkbox of one choice, since no name may come twice."""
    return f"{field}:{value}"


def _ticked(field: Field, values: Mapping[str, str]) -> Sequence[Choice]:
    return tuple(
        Choice(each.value, each.label, chosen=box_name(field.name, each.value) in values)
        for each in field.choices
    )


def _chosen(field: Field, values: Mapping[str, str]) -> Sequence[Choice]:
    value = values.get(field.name)
    if value is None:
        return field.choices
    return tuple(Choice(each.value, each.label, chosen=each.value == value) for each in field.choices)
