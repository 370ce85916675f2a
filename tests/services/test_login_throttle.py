"""The moving window under the login."""

from ticketd.core.ids import SECOND, Instant
from ticketd.services.login_throttle import MovingWindow


def at(seconds: float) -> Instant:
    return Instant(round(seconds * SECOND))


def test_hits_are_counted_for_each_key_by_itself() -> None:
    window = MovingWindow(hits_max=2, window_seconds=10)
    assert [window.hit("a", at(0)), window.hit("a", at(0)), window.hit("b", at(0))] == [None] * 3
    assert window.hit("a", at(0)) == 10


def test_a_hit_makes_room_when_it_leaves_the_window() -> None:
    window = MovingWindow(hits_max=2, window_seconds=10)
    window.hit("a", at(0))
    window.hit("a", at(6))
    assert window.hit("a", at(9.5)) == 1
    assert window.hit("a", at(10)) is None
    assert window.hit("a", at(10)) == 6


def test_refused_hits_do_not_count() -> None:
    window = MovingWindow(hits_max=1, window_seconds=10)
    window.hit("a", at(0))
    assert window.hit("a", at(9)) == 1
    assert window.hit("a", at(10)) is None


def test_a_hit_taken_back_makes_room_at_once() -> None:
    window = MovingWindow(hits_max=1, window_seconds=10)
    window.hit("a", at(0))
    window.take_back("a")
    window.take_back("a")
    window.take_back("never hit")
    assert window.hit("a", at(0)) is None
    assert window.hit("a", at(0)) == 10


def test_keys_are_forgotten_with_their_last_hit() -> None:
    window = MovingWindow(hits_max=5, window_seconds=10)
    for number in range(100):
        window.hit(str(number), at(0))
    window.take_back("0")
    window.hit("99", at(5))
    window.hit("a", at(10))
    assert len(window) == 2


def test_the_longest_unseen_key_makes_room_when_there_are_too_many() -> None:
    window = MovingWindow(hits_max=1, window_seconds=10, keys_max=2)
    for second, key in enumerate(("a", "b", "c")):
        window.hit(key, at(second))
    assert len(window) == 2
    assert window.hit("b", at(3)) is not None
    assert window.hit("a", at(3)) is None
