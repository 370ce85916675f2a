"""What msgspec has against a JSON document, as a field and a sentence."""

import re
from typing import Final

import msgspec

from ticketd.core.refusals import FieldError

SHOWN_CHARACTERS_MAX: Final = 200
"""No more than this of what somebody sent is shown back to them."""

_LOCATED = re.compile(r"(?P<message>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_UNMATCHED: Final = "Expected `str` matching regex"
_NAMED = re.compile(r"Object (?:contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)


def field_error(error: msgspec.ValidationError) -> FieldError:
    """The field, with its whole path, and what is wrong with it; "" for the document as a whole."""
    located = _LOCATED.fullmatch(str(error))
    assert located is not None  # the pattern takes any text
    message, path = located["message"], located["path"] or ""
    named = _NAMED.fullmatch(message)
    if named is not None:
        path = f"{path}.{named['name']}" if path else named["name"]
        message = "There is no such field." if "unknown" in message else "This field is required."
    elif message.startswith(_UNMATCHED):
        message = "This has characters that are not allowed here."
    return FieldError(path[:SHOWN_CHARACTERS_MAX], message[:SHOWN_CHARACTERS_MAX])
