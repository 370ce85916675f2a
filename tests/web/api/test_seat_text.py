"""The text of a hall says of each seat what the hall and the view say."""

import gzip
import random
from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.services.seat_maps.houses import seat_maps
from ticketd.core.hall import Hall
from ticketd.core.seat_maps import Row, Seat, SeatMap, Section
from ticketd.core.seat_status import BLOCKED, FREE, HELD, SOLD
from ticketd.core.seat_views import SeatView
from ticketd.services.seat_maps.houses import stadium
from ticketd.web.api import seats as shapes
from ticketd.web.api.seat_text import HallText, changes_text


def statuses_of(hall: Hall) -> bytes:
    return bytes(BLOCKED if hall.info(index).blocked else FREE for index in range(len(hall)))


def expected(view: SeatView, indices: Sequence[int]) -> list[shapes.Seat]:
    """What the answer has to say of these seats."""
    found = []
    for index in indices:
        info = view.hall.info(index)
        found.append(
            shapes.Seat(
                view.hall.seat_id(index),
                info.section,
                info.row,
                info.number,
                round(round(info.x * 1000), -1) / 1000,
                round(round(info.y * 1000), -1) / 1000,
                view.status(index),
                info.accessible,
                info.companion,
            )
        )
    return found


def decoded(text: bytes) -> shapes.Seats:
    return msgspec.json.decode(text, type=shapes.Seats)


@given(seat_maps, st.data())
def test_whatever_is_taken_and_given_back_the_text_says_what_the_view_says(
    seat_map: SeatMap, data: st.DataObject
) -> None:
    hall = Hall.of(seat_map)
    blank = statuses_of(hall)
    view, text = SeatView(hall, blank, 1), HallText(hall, blank)
    sellable = [index for index in range(len(hall)) if blank[index] != BLOCKED]
    changes = st.lists(st.tuples(st.sampled_from(sellable or [0]), st.sampled_from((FREE, HELD, SOLD))))
    for version in range(2, 5):
        changed = data.draw(changes if sellable else st.just([]))
        view.follow(version, changed)
        text.follow([(index, view.statuses[index]) for index, _ in changed])
        everything = decoded(gzip.decompress(text.compressed(version).compressed))
        assert everything == shapes.Seats(version, tuple(expected(view, range(len(hall)))))
        some = data.draw(st.sets(st.sampled_from(range(len(hall)))).map(sorted))
        assert decoded(changes_text(view, some)) == shapes.Seats(version, tuple(expected(view, some)))


def test_sixty_thousand_seats_go_over_the_wire_in_a_quarter_of_a_megabyte() -> None:
    """Free, and with every other one taken at random, which is the worst that can be."""

    def section(number: int) -> Section:
        rows = [
            Row(str(row), tuple(Seat(str(seat), seat - 13.0, number * 42.0 + row) for seat in range(1, 26)))
            for row in range(1, 41)
        ]
        return Section(f"Block {number}", tuple(rows))

    hall = Hall.of(SeatMap(tuple(section(number) for number in range(1, 61))))
    text = HallText(hall, statuses_of(hall))
    assert len(hall) == 60_000
    assert len(text.compressed(1).compressed) <= 250_000
    taken = random.Random(7).sample(range(60_000), 30_000)
    text.follow([(index, (HELD, SOLD)[index % 2]) for index in taken])
    assert len(text.compressed(2).compressed) <= 250_000


def test_the_shipped_stadium_goes_over_the_wire_in_a_quarter_of_a_megabyte() -> None:
    hall = Hall.of(stadium())
    assert len(hall) == 60_000
    assert len(HallText(hall, statuses_of(hall)).compressed(1).compressed) <= 250_000
