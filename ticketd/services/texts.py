"""Which texts are fit to be stored and shown."""

import re
import unicodedata

from ticketd.core.refusals import FieldError

EMAIL_LENGTH_MAX = 254
NAME_LENGTH_MAX = 200

# Postgres can't store NUL, UTF-8 no lone surrogate; the others would break lines or terminals.
_UNFIT_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNFIT_IN_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# Whatever stands beside a name on a page or in a list would be read backwards, too.
_TURNING_AROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")

# Phones put them round what somebody copies, an address out of a contact for instance.
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# Letters and symbols to Unicode, and yet nothing to be seen.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_INVISIBLE_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Mn", "Zl", "Zp", "Zs"))

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


def line_errors(field: str, text: str, length_max: int) -> tuple[FieldError, ...]:
    """Why a text can't be kept, in a field of one line that may stay empty."""
    if len(text) > length_max or not is_line(text):
        return (FieldError(field, f"At most {length_max} characters, and no control characters."),)
    return _turning_errors(field, text)


def email_errors(email: str) -> tuple[FieldError, ...]:
    """What is wrong with a stripped e-mail address, for its field `email`."""
    if errors := line_errors("email", email, EMAIL_LENGTH_MAX):
        return errors
    return () if is_email(email) else (FieldError("email", "This isn't an e-mail address."),)


def without_direction_marks(text: str) -> str:
    """The text without the invisible characters that say in which direction it is to be read."""
    return _DIRECTION_MARKS.sub("", text)


def name_errors(name: str) -> tuple[FieldError, ...]:
    """What is wrong with a stripped name, for its field `name`."""
    if not name:
        return (FieldError("name", "A name is needed."),)
    if len(name) > NAME_LENGTH_MAX:
        return (FieldError("name", f"At most {NAME_LENGTH_MAX} characters."),)
    if not is_line(name):
        return (FieldError("name", "Control characters are not allowed."),)
    if errors := _turning_errors("name", name):
        return errors
    if not any(map(_is_visible, name)):
        return (FieldError("name", "At least one character has to be visible."),)
    return ()


def _turning_errors(field: str, text: str) -> tuple[FieldError, ...]:
    if _TURNING_AROUND.search(text) is None:
        return ()
    return (FieldError(field, "Characters that turn the direction of writing around aren't allowed."),)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE_CATEGORIES and character not in _BLANKS
