"""What people type into forms, as values; and what is wrong with it, field by field."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType

from ticketd.core.ids import SECOND, Instant
from ticketd.core.money import parse_price
from ticketd.core.refusals import FieldError
from ticketd.web.pages.fields import box_name
from ticketd.web.parsing import parse_instant

_WHOLE = re.compile(r"[0-9]{1,12}")
_BETWEEN = re.compile(r"[,;\s]+")

Option = TypeVar("Option", bound=StrEnum)


class Typed:
    """A form that is being read; `errors` says what couldn't be.

    A field that isn't in the form at all is UNSET, so that a form with a part of the fields changes
    only these.
    """

    def __init__(self, form: Mapping[str, str]) -> None:
        self._form = form
        self.errors: list[FieldError] = []

    def has(self, name: str) -> bool:
        """Whether the form has this field at all."""
        return name in self._form

    def text(self, name: str) -> str | UnsetType:
        """The text as it is."""
        return self._form.get(name, UNSET)

    def whole(self, name: str) -> int | UnsetType:
        """A whole number."""
        text = self._form.get(name)
        if text is None:
            return UNSET
        if _WHOLE.fullmatch(text.strip()) is None:
            return self._wrong(name, "Please enter a whole number.")
        return int(text)

    def whole_or_none(self, name: str) -> int | UnsetType | None:
        """A whole number, None if it is empty."""
        return None if self._form.get(name, "?").strip() == "" else self.whole(name)

    def wholes(self, name: str) -> tuple[int, ...]:
        """Several whole numbers, separated by commas or spaces."""
        texts = [text for text in _BETWEEN.split(self._form.get(name, "")) if text]
        if not all(_WHOLE.fullmatch(text) for text in texts):
            self._wrong(name, "Please enter whole numbers like 5, 15.")
            return ()
        return tuple(int(text) for text in texts)

    def one_of(self, name: str, options: type[Option]) -> Option | UnsetType:
        """One of a dropdown's options."""
        text = self._form.get(name)
        if text is None:
            return UNSET
        if text not in list(options):
            return self._wrong(name, "Please choose one of these.")
        return options(text)

    def ticked(self, name: str) -> tuple[str, ...]:
        """The values of all checkboxes of a field that are ticked, in the order of the form."""
        first = box_name(name, "")
        return tuple(each.removeprefix(first) for each in self._form if each.startswith(first))

    def price(self, name: str) -> int | UnsetType:
        """A price, in cents."""
        text = self._form.get(name)
        if text is None:
            return UNSET
        try:
            return parse_price(text)
        except ValueError:
            return self._wrong(name, "Please enter a price like 12.50; 0 if it is free.")

    def instant(self, name: str, timezone: str, *, shown: str = "") -> Instant | UnsetType | None:
        """A date and time at that place, None if it is empty; UNSET if it is still what was `shown`."""
        text = self._form.get(name, "").strip()
        if name not in self._form or (text == shown and shown):
            return UNSET
        if not text:
            return None
        try:
            return parse_instant(text, timezone)
        except ValueError as error:
            return self._wrong(name, str(error))

    def missing(self, name: str, message: str) -> None:
        """Note that a field has to be there."""
        self._wrong(name, message)

    def _wrong(self, name: str, message: str) -> UnsetType:
        self.errors.append(FieldError(name, message))
        return UNSET


def local_text(at: Instant | None, timezone: str) -> str:
    """An instant as an `<input type="datetime-local">` shows it at that place; "" for None."""
    if at is None:
        return ""
    local = datetime.fromtimestamp(at // SECOND, UTC).astimezone(ZoneInfo(timezone))
    return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")
