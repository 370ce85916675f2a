"""What waits, in which order, and what finds no room."""

import asyncio

import pytest

from ticketd.actors.mailbox import Envelope, Mailbox
from ticketd.core.commands import (
    AnyCommand,
    ChangeTerms,
    Confirm,
    Delete,
    ExpireDue,
    FailPayment,
    Inspect,
    Release,
    Reserve,
    Seal,
    StartPayment,
)
from ticketd.core.ids import SECOND, Instant, ReservationId
from ticketd.core.refusals import TRY_AGAIN, Reason, Refusal
from ticketd.core.terms import TermsPatch

ONE = ReservationId("one")
RESERVE = Reserve(ONE, 1, 900)
NEVER_REFUSED: list[AnyCommand] = [
    Seal(ONE, Instant(0)),
    Release(ONE),
    FailPayment(ONE, 1),
    Confirm(ONE, 1, ()),
    ExpireDue(),
]
URGENT_BUT_BOUNDED: list[AnyCommand] = [StartPayment(ONE), Inspect(ONE)]
ORDINARY: list[AnyCommand] = [RESERVE, ChangeTerms(TermsPatch(capacity=1)), Delete()]


def at(seconds: float) -> Instant:
    return Instant(round(seconds * SECOND))


@pytest.fixture
async def loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


class Box(Mailbox):
    """A small mailbox that takes commands without envelopes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(length_max=3, age_seconds_max=5)
        self._loop = loop

    def take(self, command: AnyCommand, seconds: float = 0) -> bool:
        return self.put(Envelope(command, self._loop.create_future(), at(seconds)))


@pytest.fixture
def box(loop: asyncio.AbstractEventLoop) -> Box:
    return Box(loop)


def commands(envelopes: list[Envelope]) -> list[AnyCommand]:
    return [envelope.command for envelope in envelopes]


@pytest.mark.parametrize("command", NEVER_REFUSED + URGENT_BUT_BOUNDED, ids=lambda each: type(each).__name__)
def test_what_ends_or_pays_a_hold_is_decided_before_what_begins_one(box: Box, command: AnyCommand) -> None:
    box.take(RESERVE)
    box.take(command)
    assert commands(box.drain(10)) == [command, RESERVE]


def test_each_kind_keeps_its_order(box: Box) -> None:
    for command in (ORDINARY[1], RESERVE, NEVER_REFUSED[3], NEVER_REFUSED[1]):
        box.take(command)
    assert commands(box.drain(10)) == [NEVER_REFUSED[3], NEVER_REFUSED[1], ORDINARY[1], RESERVE]


def test_a_drain_takes_no_more_than_it_was_told(box: Box) -> None:
    for command in (RESERVE, NEVER_REFUSED[1], RESERVE):
        box.take(command)
    assert commands(box.drain(2)) == [NEVER_REFUSED[1], RESERVE]
    assert len(box) == 1


@pytest.mark.parametrize("command", ORDINARY, ids=lambda each: type(each).__name__)
def test_a_full_mailbox_refuses_ordinary_commands(box: Box, command: AnyCommand) -> None:
    assert all(box.take(RESERVE) for _ in range(3))
    assert not box.take(command)
    box.drain(1)
    assert box.take(command)


@pytest.mark.parametrize("command", NEVER_REFUSED, ids=lambda each: type(each).__name__)
def test_what_ends_a_hold_always_finds_room(box: Box, command: AnyCommand) -> None:
    assert all(box.take(RESERVE) for _ in range(3))
    assert all(box.take(command) for _ in range(10))


@pytest.mark.parametrize("command", URGENT_BUT_BOUNDED, ids=lambda each: type(each).__name__)
def test_what_ends_no_hold_finds_room_behind_reserves_but_not_without_limit(
    box: Box, command: AnyCommand
) -> None:
    assert all(box.take(RESERVE) for _ in range(3))
    assert all(box.take(command) for _ in range(3))
    assert not box.take(command)


def test_a_mailbox_whose_oldest_command_is_too_old_refuses(box: Box) -> None:
    box.take(RESERVE, seconds=0)
    assert box.take(RESERVE, seconds=5)
    assert not box.take(RESERVE, seconds=5.1)
    assert box.take(NEVER_REFUSED[1], seconds=5.1)


def test_only_ordinary_commands_are_dropped_for_their_age(box: Box) -> None:
    box.take(RESERVE, seconds=0)
    box.take(NEVER_REFUSED[1], seconds=0)
    box.take(ORDINARY[2], seconds=2)
    assert commands(box.drop_older(at(2))) == [RESERVE]
    assert commands(box.urgent_older(at(2))) == [NEVER_REFUSED[1]]
    assert commands(box.drain(10)) == [NEVER_REFUSED[1], ORDINARY[2]]


def test_the_oldest_arrival_is_that_of_either_kind(box: Box) -> None:
    assert box.oldest() is None
    box.take(RESERVE, seconds=1)
    assert box.oldest() == at(1)
    box.take(NEVER_REFUSED[1], seconds=2)
    assert box.oldest() == at(1)
    box.drain(2)
    assert box.oldest() is None


def test_emptied_it_is_empty(box: Box) -> None:
    box.take(RESERVE)
    box.take(NEVER_REFUSED[1])
    assert commands(box.empty()) == [NEVER_REFUSED[1], RESERVE]
    assert len(box) == 0


def test_an_envelope_is_answered_once_and_never_after_its_asker_left(loop: asyncio.AbstractEventLoop) -> None:
    there, gone = loop.create_future(), loop.create_future()
    gone.cancel()
    for reply in (there, gone):
        envelope = Envelope(RESERVE, reply, at(0))
        envelope.answer(TRY_AGAIN)
        envelope.answer(Refusal(Reason.SOLD_OUT))
    assert there.result() == TRY_AGAIN
    assert gone.cancelled()
