"""What it takes to get through the door, and that an admission works once."""

import asyncio
from collections import Counter

import pytest

from tests.fakes.waiting_rooms import SECRET
from tests.services.lobby import OPERA, REQUIRED, Lobby
from tests.services.office import KEY
from ticketd.core.catalogue import Defences, Event
from ticketd.core.commands import Reserve
from ticketd.core.ids import EventId, Instant, InventoryId
from ticketd.core.places import Place, Tokens
from ticketd.core.refusals import TRY_AGAIN, Reason, Refusal
from ticketd.core.terms import Switch
from ticketd.core.waves import ADMISSION_SECONDS
from ticketd.services.door import Visitor
from ticketd.services.sales import Granted

SOLD_OUT = Refusal(Reason.SOLD_OUT)
OTHER_KEY = "b-key-of-16-bytes"


@pytest.fixture
def lobby() -> Lobby:
    return Lobby()


async def admitted(lobby: Lobby, *, capacity: int = 1000, ticket_types: int = 1) -> tuple[Event, str]:
    """A guest whose turn it is; there are so many ticket types."""
    event = await lobby.open(opens_after=1, capacity=capacity)
    for _ in range(1, ticket_types):
        await lobby.sell(event, capacity)
    (token,) = await lobby.join(event)
    await lobby.wait(1.5)
    assert lobby.statuses([token]) == ["admitted"]
    return event, token


def granted_facts(lobby: Lobby) -> int:
    return len({fact.reservation_id for _, fact in lobby.router.facts if type(fact).__name__ == "Reserved"})  # type: ignore[union-attr]


# -- who is let in


async def test_an_admitted_guest_is_let_in(lobby: Lobby) -> None:
    _, token = await admitted(lobby)
    assert await lobby.outcome(token) == "granted"


@pytest.mark.parametrize("token", [None, "", "nonsense", "A" * 43, "é" * 43, "A" * 10_000])
async def test_without_a_place_nobody_is_let_in_and_learns_where_to_queue(
    lobby: Lobby, token: str | None
) -> None:
    event = await lobby.open()
    refused = await lobby.reserve(token)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.event_id) == (Reason.ADMISSION_REQUIRED, event.id)
    assert granted_facts(lobby) == 0


async def test_a_place_sealed_elsewhere_is_none(lobby: Lobby) -> None:
    event, token = await admitted(lobby)
    place = Tokens(SECRET).open(token)
    assert place is not None
    assert await lobby.outcome(Tokens(SECRET[::-1]).seal(place)) == REQUIRED
    for position in range(0, 43, 7):
        forged = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        assert await lobby.outcome(forged) == REQUIRED
    assert await lobby.outcome(token) == "granted"
    assert event.id == place.event_id


async def test_a_place_at_another_event_is_none_here(lobby: Lobby) -> None:
    await admitted(lobby)
    opera = await lobby.open(OPERA)
    await lobby.wait(0.5)
    (token,) = await lobby.join(opera)
    assert lobby.statuses([token]) == ["admitted"]
    assert await lobby.outcome(token, 1) == REQUIRED
    assert await lobby.outcome(token, 2) == "granted"


async def test_who_waits_is_not_let_in(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=10)
    (token,) = await lobby.join(event)
    assert await lobby.outcome(token) == REQUIRED
    await lobby.wait(10.5)
    assert await lobby.outcome(token) == "granted"


async def test_who_comes_too_late_is_not_let_in(lobby: Lobby) -> None:
    _, token = await admitted(lobby)
    await lobby.wait(ADMISSION_SECONDS)
    assert await lobby.outcome(token) == REQUIRED


async def test_a_place_that_was_never_given_out_admits_nobody_before_its_turn(lobby: Lobby) -> None:
    event, _ = await admitted(lobby)
    for number in (10_000, 2**32 - 1):
        token = Tokens(SECRET).seal(Place(event.id, number, Instant(0)))
        assert await lobby.outcome(token) == REQUIRED


async def test_what_belongs_to_no_event_or_to_one_without_a_room_needs_no_place(lobby: Lobby) -> None:
    event = await lobby.open(waiting_room=Switch.OFF)
    assert await lobby.outcome(None) == "granted"
    assert await lobby.outcome("nonsense") == "granted"
    assert lobby.rooms.waiting_room(event.id) is None


# -- once


async def test_an_admission_works_once_whatever_it_is_for(lobby: Lobby) -> None:
    _, token = await admitted(lobby, ticket_types=2)
    assert await lobby.outcome(token, 1) == "granted"
    for wanted in [(1,), (2,), (1, 2)]:
        assert await lobby.outcome(token, *wanted) == REQUIRED
        assert await lobby.outcome(token, *wanted, key=OTHER_KEY) == REQUIRED
    assert granted_facts(lobby) == 1


@pytest.mark.parametrize("wanted", [[(1,), (1,)], [(1,), (2,)], [(1, 2), (1, 2)], [(1, 2), (3,)]])
@pytest.mark.parametrize("keys", [[None, None], [KEY, OTHER_KEY], [KEY, None]])
async def test_two_requests_at_once_get_one_reservation(
    lobby: Lobby, wanted: list[tuple[int, ...]], keys: list[str | None]
) -> None:
    _, token = await admitted(lobby, ticket_types=3)
    made = await asyncio.gather(
        *(lobby.outcome(token, *each, key=key) for each, key in zip(wanted, keys, strict=True))
    )
    assert Counter(made) == {"granted": 1, REQUIRED: 1}
    assert granted_facts(lobby) == 1


@pytest.mark.parametrize("wanted", [(1,), (1, 2)])
async def test_a_repeat_with_the_same_key_gets_the_same_reservation(
    lobby: Lobby, wanted: tuple[int, ...]
) -> None:
    _, token = await admitted(lobby, ticket_types=2)
    at_once = await asyncio.gather(*(lobby.reserve(token, *wanted, key=KEY) for _ in range(3)))
    made = [each.reservation.home.reservation_id for each in at_once if isinstance(each, Granted)]
    assert len(made) >= 1
    assert len(set(made)) == 1
    for cleanly in (True, False):
        await lobby.restart(cleanly=cleanly)
        again = await lobby.reserve(token, *wanted, key=KEY)
        assert isinstance(again, Granted)
        assert again.repeated
        assert again.reservation.home.reservation_id == made[0]
        assert await lobby.outcome(token, *wanted) == REQUIRED
    assert granted_facts(lobby) == 1


async def test_a_repeat_gets_its_reservation_though_the_turn_is_just_over(lobby: Lobby) -> None:
    _, token = await admitted(lobby)
    assert await lobby.outcome(token, key=KEY) == "granted"
    await lobby.wait(ADMISSION_SECONDS - 1.5)
    lobby.clock.advance(1.6)
    assert await lobby.outcome(token, key=KEY) == "repeated"


@pytest.mark.parametrize("wanted", [(1,), (1, 2)])
async def test_a_repeat_gets_its_reservation_for_an_hour_with_or_without_a_place(
    lobby: Lobby, wanted: tuple[int, ...]
) -> None:
    _, token = await admitted(lobby, ticket_types=2)
    made = await lobby.reserve(token, *wanted, key=KEY)
    assert isinstance(made, Granted)
    await lobby.wait(2 * ADMISSION_SECONDS)
    lobby.clock.advance(3000 - 2 * ADMISSION_SECONDS)
    for shown in (token, None):
        again = await lobby.reserve(shown, *wanted, key=KEY)
        assert isinstance(again, Granted)
        assert again.reservation.home.reservation_id == made.reservation.home.reservation_id
        assert await lobby.outcome(shown, *wanted, key=OTHER_KEY) == REQUIRED
        assert await lobby.outcome(shown, *wanted, key=KEY, quantity=2) == Reason.KEY_REUSED.value
    assert granted_facts(lobby) == 1


async def test_the_same_key_with_another_wish_is_no_repeat(lobby: Lobby) -> None:
    _, token = await admitted(lobby)
    assert await lobby.outcome(token, key=KEY) == "granted"
    assert await lobby.outcome(token, key=KEY, quantity=2) == Reason.KEY_REUSED.value
    assert granted_facts(lobby) == 1


@pytest.mark.parametrize("key", [None, KEY])
async def test_a_refusal_uses_nothing_up(lobby: Lobby, key: str | None) -> None:
    _, token = await admitted(lobby, capacity=3, ticket_types=2)
    assert await lobby.outcome(token, quantity=4, key=key) == Reason.SOLD_OUT.value
    assert await lobby.outcome(token, quantity=999, key=key) != "granted"
    assert await lobby.outcome(token, 2, quantity=3, key=key) == "granted"
    assert await lobby.outcome(token, 1, key=OTHER_KEY) == REQUIRED


async def test_a_repeat_that_is_granted_after_a_refusal_uses_the_admission_up(lobby: Lobby) -> None:
    _, token = await admitted(lobby, ticket_types=2)
    lobby.router.refuse_next(InventoryId(1), SOLD_OUT)
    made = await asyncio.gather(*(lobby.outcome(token, 1, key=KEY) for _ in range(2)))
    assert made == [Reason.SOLD_OUT.value, "granted"]
    assert await lobby.outcome(token, 2, key=OTHER_KEY) == REQUIRED


async def test_a_refusal_that_is_heard_late_frees_nothing_that_a_repeat_was_granted(lobby: Lobby) -> None:
    _, token = await admitted(lobby, ticket_types=2)
    ticket_types = [lobby.catalogue.ticket_types_of_event(EventId(7))[0]]
    visitor = Visitor(token)
    first = lobby.door.enter(ticket_types, visitor, "digest")
    second = lobby.door.enter(ticket_types, visitor, "digest")
    assert not isinstance(first, Refusal)
    assert not isinstance(second, Refusal)
    lobby.door.leave(second, Granted(None, repeated=False), "digest")  # type: ignore[arg-type]
    lobby.door.leave(first, SOLD_OUT, "digest")
    assert await lobby.outcome(token, 2) == REQUIRED


async def test_the_refusal_of_a_repeat_frees_nothing_that_the_first_may_still_get(lobby: Lobby) -> None:
    _, token = await admitted(lobby, ticket_types=2)
    ticket_types = [lobby.catalogue.ticket_types_of_event(EventId(7))[0]]
    first = lobby.door.enter(ticket_types, Visitor(token), "digest")
    second = lobby.door.enter(ticket_types, Visitor(token), "digest")
    assert not isinstance(first, Refusal)
    assert not isinstance(second, Refusal)
    lobby.door.leave(second, SOLD_OUT, "digest")
    assert await lobby.outcome(token, 2) == REQUIRED
    lobby.door.leave(first, SOLD_OUT, "digest")
    assert await lobby.outcome(token, 2) == "granted"


async def test_what_is_in_doubt_can_be_found_out_with_its_key_only(lobby: Lobby) -> None:
    _, token = await admitted(lobby, ticket_types=2)
    lobby.router.refuse_next(InventoryId(1), TRY_AGAIN)
    assert await lobby.outcome(token, 1, key=KEY) == Reason.OVERLOADED.value
    assert await lobby.outcome(token, 2) == REQUIRED
    assert await lobby.outcome(token, 1, key=OTHER_KEY) == REQUIRED
    assert await lobby.outcome(token, 1, key=KEY) in ("granted", "repeated")
    assert lobby.statuses([token]) == ["closed"]


async def test_what_was_in_doubt_and_is_refused_when_repeated_is_not_used_up(lobby: Lobby) -> None:
    _, token = await admitted(lobby, ticket_types=2)
    lobby.router.refuse_next(InventoryId(1), TRY_AGAIN)
    assert await lobby.outcome(token, 1, key=KEY) == Reason.OVERLOADED.value
    lobby.router.refuse_next(InventoryId(1), SOLD_OUT)
    assert await lobby.outcome(token, 1, key=KEY) == Reason.SOLD_OUT.value
    assert await lobby.outcome(token, 2, key=OTHER_KEY) == "granted"


async def test_an_old_purchase_that_is_asked_for_again_uses_no_new_admission_up(lobby: Lobby) -> None:
    event, first = await admitted(lobby, ticket_types=2)
    assert await lobby.outcome(first, 1, key=KEY) == "granted"
    (second,) = await lobby.join(event)
    assert await lobby.outcome(second, 1, key=KEY) == "repeated"
    assert await lobby.outcome(second, 1, key=KEY, quantity=2) == Reason.KEY_REUSED.value
    assert lobby.statuses([second]) == ["admitted"]
    assert await lobby.outcome(second, 2, key=OTHER_KEY) == "granted"
    assert lobby.statuses([second]) == ["closed"]


async def test_what_is_in_doubt_without_a_key_may_be_tried_again(lobby: Lobby) -> None:
    _, token = await admitted(lobby)
    lobby.router.refuse_next(InventoryId(1), TRY_AGAIN)
    assert await lobby.outcome(token) == Reason.OVERLOADED.value
    assert await lobby.outcome(token) == "granted"
    assert await lobby.outcome(token) == REQUIRED


async def test_the_inventory_refuses_a_second_use_that_the_service_did_not_see(lobby: Lobby) -> None:
    _, token = await admitted(lobby)
    assert await lobby.outcome(token) == "granted"
    room = lobby.rooms.waiting_room(EventId(7))
    assert room is not None
    for wave in room._waves:
        wave.used.clear()
    assert await lobby.outcome(token) == REQUIRED
    assert granted_facts(lobby) == 1


async def test_an_admission_given_back_is_gone(lobby: Lobby) -> None:
    _, token = await admitted(lobby)
    made = await lobby.reserve(token)
    assert isinstance(made, Granted)
    await lobby.sales.release(made.reservation.home.reservation_id)
    assert await lobby.outcome(token) == REQUIRED


# -- rooms that open by themselves


def press(lobby: Lobby, event: Event) -> None:
    lobby.rooms._pressure.goes_on(event.id)


async def test_while_nobody_waits_a_room_that_opened_by_itself_lets_everybody_walk_in(lobby: Lobby) -> None:
    event = await lobby.open(waiting_room=Switch.AUTO)
    press(lobby, event)
    assert lobby.rooms.is_open(event)
    assert await lobby.outcome(None) == "granted"
    await lobby.rooms.steer(event, lambda known: type(known)(paused=True))
    (token,) = await lobby.join(event)
    assert lobby.statuses([token]) == ["waiting"]
    assert await lobby.outcome(None) == REQUIRED
    await lobby.rooms.steer(event, lambda known: type(known)(paused=False))
    await lobby.wait(0.5)
    assert lobby.statuses([token]) == ["admitted"]
    assert await lobby.outcome(None) == "granted"


async def test_a_room_switched_on_lets_nobody_walk_in(lobby: Lobby) -> None:
    await lobby.open(waiting_room=Switch.ON)
    assert await lobby.outcome(None) == REQUIRED


# -- who asks


def identities(lobby: Lobby) -> list[str]:
    return [command.identity for _, command in lobby.router.commands if isinstance(command, Reserve)]


async def test_networks_are_known_by_a_hash_that_differs_from_event_to_event(lobby: Lobby) -> None:
    limited = Defences(hold_limits=Switch.ON)
    await lobby.open(waiting_room=Switch.OFF, defences=limited)
    await lobby.open(OPERA, waiting_room=Switch.OFF, defences=limited)
    for ticket_type, network in [
        (1, "198.51.100.7"),
        (1, "198.51.100.7"),
        (1, "198.51.100.8"),
        (2, "198.51.100.7"),
    ]:
        assert await lobby.outcome(None, ticket_type, network=network) == "granted"
    first, again, neighbour, elsewhere = identities(lobby)
    assert first == again
    assert len({first, neighbour, elsewhere}) == 3
    assert "198" not in first + neighbour + elsewhere


async def test_desks_have_no_identity(lobby: Lobby) -> None:
    await lobby.open(waiting_room=Switch.OFF, defences=Defences(hold_limits=Switch.ON))
    assert await lobby.outcome(None, network="") == "granted"
    assert identities(lobby) == [""]


@pytest.mark.parametrize(
    ("limits", "room", "counts"),
    [
        (Switch.OFF, Switch.ON, False),
        (Switch.AUTO, Switch.OFF, False),
        (Switch.AUTO, Switch.ON, True),
        (Switch.ON, Switch.OFF, True),
    ],
)
async def test_holds_are_limited_as_the_event_says(
    lobby: Lobby, limits: Switch, room: Switch, *, counts: bool
) -> None:
    event = await lobby.open(waiting_room=room, defences=Defences(hold_limits=limits))
    await lobby.wait(0.5)
    token = None if room is Switch.OFF else (await lobby.join(event))[0]
    await lobby.wait(0.5)
    assert await lobby.outcome(token, network="198.51.100.7") == "granted"
    assert [bool(each) for each in identities(lobby)] == [counts]
