"""What a guest hands over to pay."""

import msgspec

from ticketd.core.money import EUR
from ticketd.core.refusals import FieldError
from ticketd.services.texts import NAME_LENGTH_MAX, email_errors, line_errors


class Payment(msgspec.Struct, frozen=True):
    """What a guest pays with, and who that is."""

    token: str | None
    email: str = ""
    name: str = ""
    currency: str = EUR

    def __repr__(self) -> str:
        return "Payment(…)"  # a person and a card don't belong into a log

    def errors(self) -> tuple[FieldError, ...]:
        """The fields that can't be kept; neither e-mail address nor name is needed."""
        of_email = email_errors(self.email) if self.email else ()
        return of_email + line_errors("name", self.name, NAME_LENGTH_MAX)
