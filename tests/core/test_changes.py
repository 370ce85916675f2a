"""What facts change for those who look from outside."""

from ticketd.core import facts as f
from ticketd.core.changes import changes_of
from ticketd.core.ids import Instant, OrganizerId, ReservationId, TicketTypeId
from ticketd.core.terms import EventWindow, Profile, Terms

NOW = Instant(1)
A, B, C = ReservationId("a"), ReservationId("b"), ReservationId("c")
SHELF = TicketTypeId(7)


def test_a_hold_changes_nothing_but_counts() -> None:
    assert changes_of([f.Reserved(NOW, A, 1, 500, NOW), f.Sealed(NOW, A, NOW)]) == ({}, [], {})


def test_a_payment_is_an_order_and_its_end_closes_the_line() -> None:
    changes = changes_of(
        [
            f.PaymentStarted(NOW, A, 1),
            f.PaymentStarted(NOW, B, 1),
            f.PaymentFailed(NOW, B, NOW),
            f.Confirmed(NOW, A, ()),
            f.Released(NOW, C),
            f.Expired(NOW, B),
        ]
    )
    assert (list(changes.orders), changes.closed) == ([A, B, C], [A, C, B])


def test_terms_and_codes_change_what_their_ticket_type_is_sold_on() -> None:
    changes = changes_of(
        [
            f.Opened(NOW, Profile(OrganizerId(1), None, "code"), Terms("VIP", 10)),
            f.TermsChanged(NOW, Terms("VIP", 11)),
            f.AccessCodeSet(NOW, "fan", ticket_type_id=SHELF),
            f.EventWindowChanged(NOW, EventWindow(), SHELF),
        ]
    )
    assert list(changes.ticket_types) == [f.OWN, SHELF]
