import pytest

from bench.onsale_arrivals import arrivals
from bench.onsale_fairness import Look, overtaken
from bench.onsale_guests import Admission
from bench.onsale_report import is_error, waits_of
from bench.switchboard import Call


def look(at: float, number: int, *, is_admitted: bool) -> Look:
    """Asked at this instant, and told within a tenth of a second."""
    return Look(at, at + 0.1, number, is_admitted)


def test_half_of_the_guests_come_before_the_opening_and_all_within_the_time() -> None:
    instants = arrivals(1001, opens_at=15, seconds=60)
    assert len(instants) == 1001
    assert sum(instant < 15 for instant in instants) == 500
    assert instants == sorted(instants)
    assert 0 <= instants[0] < instants[-1] < 60


def test_most_guests_come_at_the_opening() -> None:
    instants = arrivals(20_000, opens_at=15, seconds=60)
    counts = [sum(instant // 5 == part for instant in instants) for part in range(12)]
    assert counts[:3] == sorted(counts[:3])
    assert counts[3:] == sorted(counts[3:], reverse=True)
    assert min(counts[2:4]) > sum(counts) / 4


def test_who_waits_after_a_later_place_was_admitted_was_overtaken() -> None:
    looks = [look(1, 5, is_admitted=True), look(2, 4, is_admitted=False), look(3, 4, is_admitted=False)]
    assert overtaken(looks, int) == 1


@pytest.mark.parametrize(
    "other",
    [
        look(2, 6, is_admitted=False),
        look(2, 4, is_admitted=True),
        look(0.5, 4, is_admitted=False),
        Look(1.05, 2, 4, is_admitted=False),
    ],
    ids=["behind", "admitted too", "asked before", "asked while the other was being told"],
)
def test_nobody_else_was(other: Look) -> None:
    assert overtaken([look(1, 5, is_admitted=True), other], int) == 0


def test_places_count_and_not_numbers() -> None:
    looks = [look(1, 0, is_admitted=True), look(2, 9, is_admitted=False)]
    assert overtaken(looks, int) == 0
    assert overtaken(looks, lambda number: 9 - number) == 1


def test_a_wait_counts_from_the_opening_for_who_came_before() -> None:
    waits = waits_of([Admission(at=20, came_at=3), Admission(at=20, came_at=18)], opens_at=15)
    assert waits == [5, 2]


@pytest.mark.parametrize(
    ("status", "code", "is_deliberate", "expected"),
    [
        (201, "", False, False),
        (409, "sold_out", False, False),
        (503, "overloaded", True, False),
        (503, "overloaded", False, True),
        (500, "internal", False, True),
        (409, "admission_required", False, True),
        (0, "hung_up", False, True),
    ],
)
def test_only_what_says_when_to_come_back_and_what_is_sold_out_is_no_error(
    status: int, code: str, is_deliberate: bool, expected: bool
) -> None:
    assert is_error(Call("reserve", 1.0, 0.1, status, code, is_deliberate)) is expected
