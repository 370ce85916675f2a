"""Forms that say when we made them, so that what no person could have sent is told from what people send.

A form carries the time of its making, signed for its kind and its event. It isn't for one guest and it isn't
used up: what it proves is that somebody fetched the page, and that some time has passed since.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from ticketd.core.catalogue import Event
from ticketd.core.ids import EventId, Instant
from ticketd.core.refusals import Refusal, invalid
from ticketd.core.stats import RuleTally

FORM_FIELD: Final = "form"
TRAP_FIELD: Final = "website"
"""Nobody sees it; programs fill it in because of its name."""

AGE_MILLISECONDS_MAX: Final = 24 * 3600 * 1000
PATIENCE_SECONDS: Final = 20
"""So long waits who can't compute a proof of work."""

_MAC_BYTES = 16
_PRESS_AGAIN = "Please press the button once more."


class FormKind(StrEnum):
    """What a form is for."""

    BUY = "buy"
    QUEUE = "queue"


FILL_MILLISECONDS_MIN: Final[Mapping[FormKind, int]] = {FormKind.BUY: 1_000, FormKind.QUEUE: 300}
"""No person chooses and presses in less. For the queue there is nothing to choose, and whoever comes to its
form has just pressed a button of the same name."""


class FormRule(StrEnum):
    """What a form was refused for; the value is the name of the rule that counts it."""

    HONEYPOT = "honeypot"
    UNSIGNED = "form_unsigned"
    TOO_QUICK = "form_too_quick"
    STALE = "form_stale"


class SignedForms:
    """Signs forms and judges those that come back."""

    def __init__(self, secret: bytes, *, is_open: Callable[[Event], bool], rules: RuleTally) -> None:
        self._secret = secret
        self._is_open = is_open
        self._rules = rules

    def signature(self, kind: FormKind, event_id: EventId | None, now: Instant, *, sent: str = "") -> str:
        """What a form's hidden field says: what was `sent` while that is good, so that its age counts on."""
        age = self._age(sent, kind, event_id, now)
        if age is not None and age <= AGE_MILLISECONDS_MAX:
            return sent
        made = str(now // _MILLISECOND)
        return f"{made}.{self._mac(kind, event_id, made)}"

    def refusal(
        self, form: Mapping[str, str], kind: FormKind, event: Event | None, now: Instant
    ) -> Refusal | None:
        """Why this form isn't one that a person has filled in."""
        rule = self._broken_rule(form, kind, event, now)
        if rule is None:
            return None
        self._rules[rule] += 1
        return _REFUSALS[rule]

    def has_waited(self, form: Mapping[str, str], kind: FormKind, event_id: EventId, now: Instant) -> bool:
        """Whether whoever sends the form has had it as long as those wait who can't compute."""
        age = self._age(form.get(FORM_FIELD, ""), kind, event_id, now)
        return age is not None and PATIENCE_SECONDS * 1000 <= age <= AGE_MILLISECONDS_MAX

    def _broken_rule(
        self, form: Mapping[str, str], kind: FormKind, event: Event | None, now: Instant
    ) -> FormRule | None:
        if form.get(TRAP_FIELD):
            return FormRule.HONEYPOT
        if event is None or not event.defences.signed_forms.is_on(by_itself=self._is_open(event)):
            return None
        age = self._age(form.get(FORM_FIELD, ""), kind, event.id, now)
        if age is None:
            return FormRule.UNSIGNED
        if age < FILL_MILLISECONDS_MIN[kind]:
            return FormRule.TOO_QUICK
        return FormRule.STALE if age > AGE_MILLISECONDS_MAX else None

    def _age(self, text: str, kind: FormKind, event_id: EventId | None, now: Instant) -> int | None:
        """In milliseconds; None for what we haven't signed for this."""
        made, _, mac = text.partition(".")
        if not (text.isascii() and hmac.compare_digest(mac, self._mac(kind, event_id, made))):
            return None
        return now // _MILLISECOND - int(made)

    def _mac(self, kind: FormKind, event_id: EventId | None, made: str) -> str:
        message = f"{kind}:{event_id}:{made}".encode("ascii")
        return hashlib.blake2b(message, key=self._secret, digest_size=_MAC_BYTES).hexdigest()


_MILLISECOND = 1000
"""In microseconds, as instants are."""

_REFUSALS: Final[Mapping[FormRule, Refusal]] = {
    FormRule.HONEYPOT: invalid(
        TRAP_FIELD,
        f"Something was filled in that is there for programs only. It is empty now. {_PRESS_AGAIN}",
    ),
    FormRule.UNSIGNED: invalid(
        FORM_FIELD, f"Many want these tickets, so we had to look twice. {_PRESS_AGAIN}"
    ),
    FormRule.TOO_QUICK: invalid(FORM_FIELD, f"That was very quick. {_PRESS_AGAIN}"),
    FormRule.STALE: invalid(FORM_FIELD, f"This page had been open for a long time. {_PRESS_AGAIN}"),
}
