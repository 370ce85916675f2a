"""Form fields as the templates show them."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ticketd.core.refusals import FieldError

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
    """An HTML input type, or `select` or `textarea`."""
    value: str = ""
    hint: str = ""
    error: str = ""
    required: bool = False
    autocomplete: str = "off"
    attributes: Mapping[str, str] = {}
    """Further HTML attributes, such as min and maxlength."""
    choices: Sequence[Choice] = ()

    @property
    def described_by(self) -> str:
        """The ids of what explains this field, for a screen reader."""
        parts = ((self.hint, f"{self.name}-hint"), (self.error, f"{self.name}-error"))
        return " ".join(id_ for text, id_ in parts if text)


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
            choices=_chosen(field.choices, values.get(field.name)),
        )
        for field in fields
    )


def _chosen(choices: Sequence[Choice], value: str | None) -> Sequence[Choice]:
    if value is None:
        return choices
    return tuple(Choice(each.value, each.label, chosen=each.value == value) for each in choices)
