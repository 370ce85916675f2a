"""How the many are told no without taking the time of those who get a yes."""

import pytest

from tests.eventually import eventually
from ticketd.web import turnstile
from ticketd.web.turnstile import Turnstile


class Waiting:
    """Somebody who will hear a no."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def hear(self, answer: bytes) -> None:
        self.heard.append(answer)


async def test_beyond_its_budget_a_no_waits_and_comes_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "REFUSALS_BURST", 3)
    subject = Turnstile(0)
    guests = [Waiting() for _ in range(50)]
    for guest in guests:
        subject.turn_away(guest)
    assert [len(guest.heard) for guest in guests] == [1] * 3 + [0] * 47
    await eventually(lambda: bool(guests[10].heard))
    heard = [bool(guest.heard) for guest in guests]
    assert heard == sorted(heard, reverse=True), "first come, first refused"
    await eventually(lambda: all(guest.heard for guest in guests))
    assert all(len(guest.heard) == 1 for guest in guests)
    assert subject.refused == 50


async def test_at_the_end_everybody_hears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "REFUSALS_BURST", 1)
    monkeypatch.setattr(turnstile, "TICK_SECONDS", 3600)
    subject = Turnstile(0)
    guests = [Waiting() for _ in range(10)]
    for guest in guests:
        subject.turn_away(guest)
    subject.close()
    assert all(len(guest.heard) == 1 for guest in guests)


async def test_at_rest_it_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "TICK_SECONDS", 0.0)
    subject = Turnstile(0)
    for _ in range(3):
        subject.turn_away(Waiting())
        await eventually(lambda: subject._timer is None)


async def test_it_is_full_when_so_many_are_under_way() -> None:
    subject = Turnstile(2)
    subject.in_progress = 1
    assert not subject.is_full
    subject.in_progress = 2
    assert subject.is_full
