"""Which forms are taken for a person's."""

import pytest

from tests.fakes.clock import ManualClock
from tests.services.defended import defended
from ticketd.core.catalogue import Defences, Event
from ticketd.core.refusals import Reason
from ticketd.core.stats import RuleTally
from ticketd.core.terms import Switch
from ticketd.services.signed_forms import FORM_FIELD, PATIENCE_SECONDS, TRAP_FIELD, FormKind, SignedForms

HOUR = 3600


def event_where(signed_forms: Switch, event_id: int = 7) -> Event:
    return defended(Defences(signed_forms=signed_forms), event_id)


AUTO, ON, OFF = (event_where(each) for each in (Switch.AUTO, Switch.ON, Switch.OFF))


class Desk:
    """Where forms are handed out and come back."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.rules = RuleTally()
        self.open_rooms: set[Event] = set()
        self.forms = SignedForms(b"forms", is_open=self.open_rooms.__contains__, rules=self.rules)

    def form(self, kind: FormKind = FormKind.BUY, event: Event | None = ON, *, sent: str = "") -> str:
        return self.forms.signature(kind, None if event is None else event.id, self.clock.now(), sent=sent)

    def refuses(
        self, signature: str | None, event: Event | None = ON, kind: FormKind = FormKind.BUY, trap: str = ""
    ) -> bool:
        form = {TRAP_FIELD: trap} | ({} if signature is None else {FORM_FIELD: signature})
        refusal = self.forms.refusal(form, kind, event, self.clock.now())
        assert refusal is None or refusal.reason is Reason.INVALID
        return refusal is not None


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_form_that_somebody_took_their_time_for_is_taken(desk: Desk) -> None:
    form = desk.form()
    desk.clock.advance(1)
    assert not desk.refuses(form)
    desk.clock.advance(24 * HOUR - 1)
    assert not desk.refuses(form)
    assert not desk.rules


def test_a_form_that_comes_back_too_quickly_is_refused_until_it_is_a_second_old(desk: Desk) -> None:
    form = desk.form()
    desk.clock.advance(0.9)
    assert desk.refuses(form)
    assert desk.form(sent=form) == form
    desk.clock.advance(0.1)
    assert not desk.refuses(desk.form(sent=form))
    assert desk.rules == {"form_too_quick": 1}


def test_a_form_that_is_too_old_is_refused_and_a_fresh_one_comes_with_that(desk: Desk) -> None:
    form = desk.form()
    desk.clock.advance(24 * HOUR + 0.001)
    assert desk.refuses(form)
    fresh = desk.form(sent=form)
    assert fresh != form
    desk.clock.advance(2)
    assert not desk.refuses(fresh)
    assert desk.rules == {"form_stale": 1}


def test_what_we_have_not_signed_for_this_is_refused(desk: Desk) -> None:
    form, another_desk = desk.form(), Desk()
    another_desk.forms = SignedForms(b"others", is_open=bool, rules=another_desk.rules)
    milliseconds, _, mac = form.partition(".")
    forged = [
        None,
        "",
        "1",
        f"{milliseconds}.",
        f".{mac}",
        f"{int(milliseconds) - 5000}.{mac}",
        f"0{form}",
        f"{form}0",
        f"é.{mac}",
        f"{milliseconds}.é",
        f"{'9' * 5000}.{mac}",
        another_desk.form(),
        desk.form(FormKind.QUEUE),
        desk.form(event=event_where(Switch.ON, 8)),
        desk.form(event=None),
    ]
    desk.clock.advance(5)
    assert [text for text in forged if not desk.refuses(text)] == []
    assert desk.rules == {"form_unsigned": len(forged)}
    assert not desk.refuses(form)


def test_the_switch_decides_and_by_itself_it_is_on_while_the_room_is_open(desk: Desk) -> None:
    assert desk.refuses(None, ON)
    assert not desk.refuses(None, OFF)
    assert not desk.refuses(None, AUTO)
    desk.open_rooms.add(AUTO)
    assert desk.refuses(None, AUTO)
    assert not desk.refuses(None, OFF)


def test_what_belongs_to_no_event_need_not_be_signed(desk: Desk) -> None:
    assert not desk.refuses(None, None)


@pytest.mark.parametrize("event", [ON, OFF, AUTO, None])
def test_who_fills_in_what_nobody_sees_is_refused_everywhere(desk: Desk, event: Event | None) -> None:
    form = desk.form(event=event)
    desk.clock.advance(5)
    assert desk.refuses(form, event, trap="https://example.org")
    assert desk.rules == {"honeypot": 1}


def test_who_has_waited_is_told_by_the_form_of_the_queue(desk: Desk) -> None:
    form = {FORM_FIELD: desk.form(FormKind.QUEUE)}

    def has_waited(kind: FormKind = FormKind.QUEUE) -> bool:
        return desk.forms.has_waited(form, kind, ON.id, desk.clock.now())

    desk.clock.advance(PATIENCE_SECONDS - 0.001)
    assert not has_waited()
    desk.clock.advance(0.001)
    assert has_waited()
    assert not has_waited(FormKind.BUY)
    desk.clock.advance(24 * HOUR)
    assert not has_waited()
    assert not desk.forms.has_waited({}, FormKind.QUEUE, ON.id, desk.clock.now())
