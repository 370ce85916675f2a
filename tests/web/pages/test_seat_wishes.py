"""What a form may ask for, in how few letters ever."""

from ticketd.core.hall import Hall
from ticketd.core.ids import TicketTypeId
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.web.pages.buying import QUANTITY_MAX
from ticketd.web.pages.seat_wishes import line_of, wish_from

HALL = Hall.of(
    SeatMap((Section("Stalls", (Row("A", tuple(Seat(str(n), float(n), 0.0) for n in range(1, 5))),)),)),
    sections=("Stalls",),
)


def test_of_millions_of_seats_named_in_ranges_only_one_too_many_is_taken_in() -> None:
    form = {"section": "Stalls", "row": "A", "numbers": ",".join(["1-9999"] * 5000)}
    wish = wish_from(form)
    assert len(wish.seats) == QUANTITY_MAX + 1
    refused = line_of(wish, TicketTypeId(1), HALL)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.INVALID
