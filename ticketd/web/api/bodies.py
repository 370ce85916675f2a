"""JSON bodies into typed values, or a refusal that names the field."""

import asyncio
from typing import Final, Generic, TypeVar

import msgspec
from aiohttp import hdrs, web

from ticketd.core.refusals import Reason, Refusal
from ticketd.services.json_errors import field_error
from ticketd.web.calls import Call
from ticketd.web.parsing import ANY_BODY, BodyLimits, Headers, RefusedRequest, media_type, read_body

T = TypeVar("T")

JSON: Final = "application/json"
LONG_BODY_BYTES: Final = 256 * 1024
"""Above this, decoding takes so long that others had to wait."""


class BodyReader(Generic[T]):
    """Reads request bodies of one type."""

    def __init__(self, shape: type[T], limits: BodyLimits = ANY_BODY) -> None:
        self.shape = shape
        self._limits = limits
        self._decode = msgspec.json.Decoder(shape).decode

    async def read(self, request: web.Request) -> T:
        """The request's body; RefusedRequest if it isn't JSON in UTF-8 of this shape."""
        _refuse_other_media(request.headers)
        body = await read_body(request, self._limits)
        if len(body) > LONG_BODY_BYTES:
            return await asyncio.to_thread(self._decoded, body)
        return self._decoded(body)

    def of(self, call: Call) -> T:
        """The call's body; RefusedRequest if it isn't JSON in UTF-8 of this shape."""
        _refuse_other_media(call.headers)
        return self._decoded(call.body)

    def _decoded(self, body: bytes) -> T:
        try:
            return self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RefusedRequest(_refusal(body, error)) from error


def _refuse_other_media(headers: Headers) -> None:
    if headers.get(hdrs.CONTENT_TYPE) != JSON and media_type(headers) != JSON:
        raise RefusedRequest(Refusal(Reason.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json."))


def _refusal(body: bytes, error: Exception) -> Refusal:
    malformed = _syntax_error(body)
    if malformed is not None or not isinstance(error, msgspec.ValidationError):
        return Refusal(Reason.MALFORMED, f"The body isn't JSON in UTF-8: {malformed or error}.")
    return Refusal(Reason.INVALID, errors=(field_error(error),))


def _syntax_error(body: bytes) -> Exception | None:
    """A decoder that knows its type stops at the first wrong value: whether the rest is JSON shows here."""
    try:
        msgspec.json.decode(body)
    except msgspec.ValidationError:  # a number out of range is well-formed
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return error
    return None
