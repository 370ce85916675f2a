"""JSON bodies into typed values, or a refusal that names the field."""

import re
from typing import Final, Generic, TypeVar

import msgspec
from aiohttp import web

from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.web.parsing import RefusedRequest, media_type, read_body

T = TypeVar("T")

SHOWN_CHARACTERS_MAX: Final = 200
"""No more than this of what somebody sent is shown back to them."""

_JSON: Final = "application/json"
_LOCATED = re.compile(r"(?P<message>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_UNMATCHED: Final = "Expected `str` matching regex"
_NAMED = re.compile(r"Object (?:contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)


class BodyReader(Generic[T]):
    """Reads request bodies of one type."""

    def __init__(self, shape: type[T]) -> None:
        self.shape = shape
        self._decode = msgspec.json.Decoder(shape).decode

    async def read(self, request: web.Request) -> T:
        """The body; RefusedRequest if it isn't JSON in UTF-8 of this shape."""
        if request.headers.get("Content-Type") != _JSON and media_type(request) != _JSON:
            raise RefusedRequest(Refusal(Reason.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json."))
        body = await read_body(request)
        try:
            return self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RefusedRequest(_refusal(body, error)) from error


def _refusal(body: bytes, error: Exception) -> Refusal:
    malformed = _syntax_error(body)
    if malformed is not None or not isinstance(error, msgspec.ValidationError):
        return Refusal(Reason.MALFORMED, f"The body isn't JSON in UTF-8: {malformed or error}.")
    field, message = _field_and_message(str(error))
    return invalid(field[:SHOWN_CHARACTERS_MAX], message[:SHOWN_CHARACTERS_MAX])


def _syntax_error(body: bytes) -> Exception | None:
    """A decoder that knows its type stops at the first wrong value: whether the rest is JSON shows here."""
    try:
        msgspec.json.decode(body)
    except msgspec.ValidationError:  # a number out of range is well-formed
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return error
    return None


def _field_and_message(text: str) -> tuple[str, str]:
    located = _LOCATED.fullmatch(text)
    assert located is not None  # the pattern takes any text
    message, path = located["message"], located["path"] or ""
    named = _NAMED.fullmatch(message)
    if named is not None:
        path = f"{path}.{named['name']}" if path else named["name"]
        message = "There is no such field." if "unknown" in message else "This field is required."
    elif message.startswith(_UNMATCHED):
        message = "This has characters that are not allowed here."
    return path, message
