"""Which texts are fit to be stored and shown."""

import re

from ticketd.core.refusals import FieldError

NAME_LENGTH_MAX = 200

# Postgres can't store NUL, UTF-8 no lone surrogate; the others would break lines or terminals.
_UNFIT_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNFIT_IN_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# Whatever stands beside a name on a page or in a list would be read backwards, too.
_TURNING_AROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def is_line(text: str) -> bool:
    """Whether a text is free of control characters, line breaks and lone surrogates."""
    return _UNFIT_IN_LINE.search(text) is None


def is_lines(text: str) -> bool:
    """Whether a text has no control characters but line breaks and tabs, and no lone surrogates."""
    return _UNFIT_IN_LINES.search(text) is None


def is_email(text: str) -> bool:
    """Whether it has the shape of an e-mail address; whether anybody reads it, nobody knows."""
    return _EMAIL.fullmatch(text) is not None


def name_errors(name: str) -> tuple[FieldError, ...]:
    """What is wrong with a stripped name, for its field `name`."""
    if not name:
        return (FieldError("name", "A name is needed."),)
    if len(name) > NAME_LENGTH_MAX:
        return (FieldError("name", f"At most {NAME_LENGTH_MAX} characters."),)
    if not is_line(name):
        return (FieldError("name", "Control characters are not allowed."),)
    if _TURNING_AROUND.search(name):
        return (FieldError("name", "Characters that turn the direction of writing around aren't allowed."),)
    return ()
