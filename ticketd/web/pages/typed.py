"""What people type into forms, as values; and what is wrong with it, field by field."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType

from ticketd.core.ids import MICROSECONDS, Instant
from ticketd.core.money import parse_price
from ticketd.core.refusals import FieldError
from ticketd.web.parsing import parse_instant

_WHOLE = re.compile(r"[0-9]{1,12}")


class Typed:
    """A form that is being read; `errors` says what couldn't be.

    A field that isn't in the form at all is UNSET, so that a form with a part of the fields changes
    only these.
    """

    def __init__(self, form: Mapping[str, str]) -> None:
        self._form = form
        self.errors: list[FieldError] = []

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
    local = datetime.fromtimestamp(at // MICROSECONDS, UTC).astimezone(ZoneInfo(timezone))
    return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")
