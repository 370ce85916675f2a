"""Waiting rooms over time: joins, crashes, outages, and owners who change their minds."""

import asyncio

import msgspec
import pytest

from tests.services.lobby import CONCERT, OPERA, Lobby
from ticketd.core.catalogue import Event
from ticketd.core.draw import Draw, commitment
from ticketd.core.ids import EventId
from ticketd.core.pace import Steering
from ticketd.core.refusals import Refusal
from ticketd.core.stats import RoomStats
from ticketd.core.terms import EventStatus, Switch
from ticketd.core.waiting_room import RoomRecord
from ticketd.core.waves import ADMISSION_SECONDS
from ticketd.ports import StorageUnavailable
from ticketd.services.standings import Notice
from ticketd.services.waiting_rooms import NO_ROOM, Joined
from ticketd.storage.waiting_rooms import StoredRoom


@pytest.fixture
def lobby() -> Lobby:
    return Lobby()


async def notice(lobby: Lobby, event: Event) -> Notice:
    found = await lobby.rooms.notice(event)
    assert isinstance(found, Notice), found
    return found


def paused(steering: Steering) -> Steering:
    return msgspec.structs.replace(steering, paused=True)


def going_on(steering: Steering) -> Steering:
    return msgspec.structs.replace(steering, paused=False)


# -- from the door to the shop


async def test_a_draw_that_came_too_early_is_made_again_with_another_seed(lobby: Lobby) -> None:
    event = await lobby.open()
    early = await notice(lobby, event)
    assert early.drawn == 0
    opens_at = lobby.at(600)
    later = await lobby.change(event, on_sale_at=opens_at)
    await lobby.wait(1)
    tokens = await lobby.join(later, 20)
    told = await notice(lobby, later)
    assert (told.drawn, told.seed, told.opens_at) == (None, None, opens_at)
    assert told.commitment != early.commitment
    assert {lobby.look(token).position for token in tokens} == {None}
    await lobby.restart(cleanly=True)
    await lobby.wait(601)
    drawn = await notice(lobby, later)
    assert (drawn.drawn, drawn.commitment) == (20, told.commitment)


async def test_an_opening_that_moves_takes_no_place_away_once_somebody_was_let_in(lobby: Lobby) -> None:
    event = await lobby.open()
    (token,) = await lobby.join(event)
    assert lobby.statuses([token]) == ["admitted"]
    await lobby.change(event, on_sale_at=lobby.at(100))
    await lobby.wait(1)
    assert lobby.statuses([token]) == ["admitted"]


async def test_who_comes_before_the_opening_is_drawn_at_it_and_anybody_can_check_the_draw(
    lobby: Lobby,
) -> None:
    event = await lobby.open(opens_after=10, capacity=20)
    tokens = await lobby.join(event, 30)
    before = await notice(lobby, event)
    assert (before.opens_at, before.drawn, before.seed) == (event.on_sale_at, None, None)
    assert {lobby.look(token).position for token in tokens} == {None}
    await lobby.wait(11)
    after = await notice(lobby, event)
    assert after.drawn == 30
    assert after.seed is not None
    seed = bytes.fromhex(after.seed)
    assert commitment(seed) == before.commitment == after.commitment
    draw = Draw(seed, CONCERT, 30)
    for token in tokens:
        standing = lobby.look(token)
        place = draw.place_of(standing.number)
        assert (standing.status.value == "admitted") == (place < after.admitted_to)
        assert standing.ahead == max(0, place - after.admitted_to)
    assert after.admitted_to == 10, "20 tickets are for ten guests at first"


async def test_a_guest_who_comes_back_keeps_their_place(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=10)
    (token,) = await lobby.join(event)
    known = lobby.rooms.known(event, token)
    assert known is not None
    assert (known.token, known.number) == (token, 0)
    other = await lobby.open(OPERA)
    assert lobby.rooms.known(other, token) is None
    assert lobby.rooms.known(event, token[:-1] + "A" if token[-1] != "A" else token[:-1] + "E") is None


async def test_who_used_their_admission_is_told_so_and_may_queue_again(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1)
    (token,) = await lobby.join(event)
    await lobby.wait(2)
    assert await lobby.outcome(token) == "granted"
    assert lobby.look(token).status.value == "closed"
    assert lobby.rooms.known(event, token) is None


async def test_who_does_not_use_their_turn_loses_it(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1)
    (token,) = await lobby.join(event)
    await lobby.wait(2)
    assert lobby.statuses([token]) == ["admitted"]
    await lobby.wait(ADMISSION_SECONDS)
    assert lobby.statuses([token]) == ["closed"]
    assert lobby.rooms.known(event, token) is None


async def test_others_come_in_for_those_who_do_not_show_up(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1, capacity=8)
    tokens = await lobby.join(event, 12)
    await lobby.wait(2)
    first = lobby.admitted(tokens)  # all of them have seen it: they asked
    assert len(first) == 4
    await lobby.wait(100)
    assert lobby.admitted(tokens) == first
    second = Lobby()
    event = await second.open(opens_after=1, capacity=8)
    tokens = await second.join(event, 12)
    await second.wait(1)
    await second.wait(100)
    assert (await notice(second, event)).admitted_to == 12, "nobody has asked"


async def test_guests_wait_for_what_is_in_baskets_and_returned_tickets_go_to_who_is_next(
    lobby: Lobby,
) -> None:
    event = await lobby.open(opens_after=1, capacity=2)
    tokens = await lobby.join(event, 5)
    await lobby.wait(2)
    (first,) = lobby.admitted(tokens)
    assert await lobby.outcome(first, quantity=2) == "granted"
    await lobby.wait(1)
    waiting = [token for token in tokens if token != first]
    standing = lobby.look(waiting[0])
    assert (standing.status.value, standing.in_baskets) == ("waiting", 2)
    assert standing.next_return_at == lobby.router.offer(1).next_return_at  # type: ignore[union-attr,arg-type]
    assert standing.estimated_wait_seconds is None
    (following,) = [token for token in waiting if lobby.look(token).ahead == 0]
    await lobby.sales.release(lobby.router.facts[-1][1].reservation_id)  # type: ignore[union-attr]
    await lobby.wait(1)
    assert lobby.admitted(tokens) == [following]


async def test_sold_out_and_paid_is_the_end_for_all_who_wait_until_tickets_come_back(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1, capacity=1)
    tokens = await lobby.join(event, 3)
    await lobby.wait(2)
    await lobby.resize(1, 0)
    await lobby.wait(0.5)
    assert set(lobby.statuses(tokens)) == {"closed"}
    waiting = [token for token in tokens if lobby.rooms.known(event, token) is not None]
    assert len(waiting) == 3, "nobody loses their place by it"
    await lobby.resize(1, 1)
    await lobby.wait(0.5)
    assert lobby.statuses(tokens).count("waiting") == 2


async def test_a_room_is_not_over_while_more_tickets_go_on_sale_later(lobby: Lobby) -> None:
    event = lobby.announce(opens_after=1)
    await lobby.sell(event, 1)
    await lobby.sell(event, 50, on_sale_at=lobby.at(3600))
    tokens = await lobby.join(event, 3)
    await lobby.wait(2)
    (first,) = lobby.admitted(tokens)
    assert await lobby.outcome(first) == "granted"
    await lobby.resize(1, 1)
    await lobby.sales.release(lobby.router.facts[-2][1].reservation_id)  # type: ignore[union-attr]
    await lobby.resize(1, 0)
    await lobby.wait(1)
    waiting = [token for token in tokens if token != first]
    assert "closed" not in lobby.statuses(waiting)


# -- many at once


async def test_ten_thousand_in_one_tick_wait_for_few_writes_and_nobody_for_another(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=60)
    await lobby.join(event)
    lobby.store.writes = 0
    made = await asyncio.gather(*(lobby.rooms.join(event) for _ in range(10_000)))
    numbers = {each.standing.number for each in made if isinstance(each, Joined)}
    assert numbers == set(range(1, 10_001))
    assert lobby.store.writes <= 15


async def test_two_rooms_know_nothing_of_each_other(lobby: Lobby) -> None:
    concert = await lobby.open(CONCERT, opens_after=1, capacity=2)
    opera = await lobby.open(OPERA, opens_after=5, capacity=1000)
    at_concert, at_opera = await lobby.join(concert, 5), await lobby.join(opera, 5)
    await lobby.wait(2)
    assert len(lobby.admitted(at_concert)) == 1
    assert len(lobby.admitted(at_opera)) == 0
    assert (await notice(lobby, concert)).commitment != (await notice(lobby, opera)).commitment
    await lobby.wait(5)
    assert len(lobby.admitted(at_opera)) == 5


# -- restarts


@pytest.mark.parametrize("cleanly", [True, False])
async def test_a_restart_while_waiting_loses_and_doubles_no_place(lobby: Lobby, *, cleanly: bool) -> None:
    event = await lobby.open(opens_after=10)
    tokens = await lobby.join(event, 20)
    await lobby.restart(cleanly=cleanly)
    tokens += await lobby.join(event, 20)
    assert len({lobby.look(token).number for token in tokens}) == 40
    if cleanly:
        assert {lobby.look(token).number for token in tokens} == set(range(40))
    await lobby.wait(11)
    assert len({lobby.rooms.waiting_room(CONCERT).place_of(lobby.look(t).number) for t in tokens}) == 40  # type: ignore[union-attr]


@pytest.mark.parametrize("cleanly", [True, False])
async def test_a_restart_keeps_the_admitted_admitted_and_the_used_used(
    lobby: Lobby, *, cleanly: bool
) -> None:
    event = await lobby.open(opens_after=1, capacity=12)
    tokens = await lobby.join(event, 20)
    await lobby.wait(2)
    admitted = lobby.admitted(tokens)
    assert len(admitted) == 6
    until = [lobby.look(token).admitted_until for token in admitted]
    assert await lobby.outcome(admitted[0], key="a-key-of-16-bytes") == "granted"
    await lobby.restart(cleanly=cleanly)
    assert lobby.statuses(admitted) == ["closed"] + ["admitted"] * 5
    assert [lobby.look(token).admitted_until for token in admitted] == until
    assert await lobby.outcome(admitted[0], key="a-key-of-16-bytes") == "repeated"
    assert await lobby.outcome(admitted[0]) == "admission_required"
    assert await lobby.outcome(admitted[1]) == "granted"


async def test_a_room_found_again_after_its_event_was_thought_over_gives_no_number_twice(
    lobby: Lobby,
) -> None:
    event = await lobby.open(opens_after=10)
    await lobby.join(event, 5)
    over = await lobby.change(event, starts_at=lobby.at(-86_400))
    await lobby.restart()
    await lobby.change(over, starts_at=event.starts_at)
    assert (await lobby.joined(event)).standing.number >= 5


# -- outages


async def test_while_the_database_is_down_guests_join_as_long_as_there_are_numbers(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=60)
    await lobby.join(event, 17)
    lobby.store.is_down = True
    made, durable = 0, lobby.store.rooms[CONCERT].record.numbers_to
    while lobby.rooms.waiting_room(CONCERT).joined < durable:  # type: ignore[union-attr]
        await lobby.join(event)
        made += 1
    assert made > 0
    lobby.store.attempts = 0
    refused = await asyncio.gather(*(lobby.rooms.join(event) for _ in range(50)), return_exceptions=True)
    assert all(isinstance(each, StorageUnavailable) for each in refused)
    assert lobby.store.attempts == 1, "all hear of the same failure"
    lobby.store.is_down = False
    await lobby.restart()
    assert (await lobby.joined(event)).standing.number == 17 + made


async def test_admission_stands_still_without_a_database_and_goes_on_by_itself(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1)
    tokens = await lobby.join(event, 5)
    lobby.store.is_down = True
    await lobby.wait(5)
    assert set(lobby.statuses(tokens)) == {"waiting"}
    assert {lobby.look(token).position for token in tokens} == {None}
    lobby.store.is_down = False
    await lobby.wait(0.5)
    assert set(lobby.statuses(tokens)) == {"admitted"}
    assert (await notice(lobby, event)).drawn == 5


async def test_what_a_lost_answer_left_in_doubt_is_made_certain_by_the_next_write(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=600)
    await lobby.join(event, 3)
    await lobby.wait(2)
    lobby.store.loses_answers = True
    with pytest.raises(StorageUnavailable):
        await lobby.rooms.steer(event, paused)
    lobby.store.loses_answers = False
    await lobby.wait(0.5)
    assert not (await notice(lobby, event)).paused
    await lobby.restart()
    assert not (await notice(lobby, event)).paused


@pytest.mark.parametrize("loses_answers", [True, False])
async def test_guests_go_on_joining_after_numbers_could_not_be_withdrawn(
    lobby: Lobby, *, loses_answers: bool
) -> None:
    event = await lobby.open(opens_after=600)
    await lobby.wait(0.5)
    await lobby.join(event, 4)
    lobby.store.loses_answers, lobby.store.is_down = loses_answers, not loses_answers
    await lobby.wait(5)
    lobby.store.loses_answers = lobby.store.is_down = False
    async with asyncio.timeout(1):
        tokens = await lobby.join(event, 4)
    numbers = [lobby.look(token).number for token in tokens]
    await lobby.restart()
    assert not {lobby.look(token).number for token in await lobby.join(event, 9)} & {*range(4), *numbers}


# -- owners


async def test_after_a_pause_was_promised_nobody_is_let_in_until_it_ends(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1)
    tokens = await lobby.join(event, 3)
    changed = await lobby.rooms.steer(event, paused)
    assert isinstance(changed, Notice)
    assert changed.paused
    await lobby.wait(10)
    assert set(lobby.statuses(tokens)) == {"waiting"}
    await lobby.rooms.steer(event, going_on)
    await lobby.wait(0.5)
    assert set(lobby.statuses(tokens)) == {"admitted"}


async def test_a_pause_ends_at_once_what_lets_guests_in_as_they_come_but_no_admission(lobby: Lobby) -> None:
    event = await lobby.open()
    await lobby.wait(0.5)
    early = await lobby.join(event, 3)
    assert lobby.statuses(early) == ["admitted"] * 3
    await lobby.rooms.steer(event, paused)
    late = await lobby.join(event, 3)
    assert lobby.statuses(early + late) == ["admitted"] * 3 + ["waiting"] * 3
    await lobby.restart()
    assert lobby.statuses(early) == ["admitted"] * 3


async def test_two_changes_at_once_are_both_made(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1)
    await lobby.join(event)
    await asyncio.gather(
        lobby.rooms.steer(event, paused),
        lobby.rooms.steer(event, lambda known: msgspec.structs.replace(known, shoppers_max=3)),
        lobby.rooms.tick(),
    )
    room = lobby.rooms.waiting_room(CONCERT)
    assert room is not None
    assert room.record.steering == Steering(paused=True, shoppers_max=3)


async def test_what_an_owner_has_decided_outlives_a_crash(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=2)
    tokens = await lobby.join(event, 9)
    await lobby.wait(1)
    await lobby.rooms.steer(event, lambda _: Steering(shoppers_max=4))
    await lobby.wait(0.5)
    await lobby.restart()
    await lobby.wait(3)
    assert len(lobby.admitted(tokens)) == 4


async def test_a_change_that_the_database_did_not_take_is_not_made(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1)
    tokens = await lobby.join(event, 3)
    lobby.store.is_down = True
    with pytest.raises(StorageUnavailable):
        await lobby.rooms.steer(event, paused)
    lobby.store.is_down = False
    await lobby.wait(2)
    assert set(lobby.statuses(tokens)) == {"admitted"}


async def test_a_room_switched_off_lets_everybody_through_and_takes_nobody(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1, capacity=2)
    tokens = await lobby.join(event, 3)
    await lobby.wait(2)
    off = await lobby.change(event, waiting_room=Switch.OFF)
    assert await lobby.rooms.join(off) is NO_ROOM
    assert await lobby.rooms.notice(off) is NO_ROOM
    assert lobby.rooms.known(off, tokens[0]) is None
    assert sorted(lobby.statuses(tokens)) == ["admitted", "closed", "closed"]
    assert await lobby.outcome(None) == "granted"
    on = await lobby.change(off, waiting_room=Switch.ON)
    await lobby.wait(0.5)
    assert sorted(lobby.statuses(tokens)) == ["admitted", "waiting", "waiting"]
    assert (await lobby.joined(on)).standing.number == 3


@pytest.mark.parametrize("status", [EventStatus.CANCELLED, EventStatus.DRAFT])
async def test_nobody_waits_for_an_event_that_is_not_held_out(lobby: Lobby, status: EventStatus) -> None:
    event = await lobby.open(opens_after=1)
    tokens = await lobby.join(event, 3)
    await lobby.wait(2)
    changed = await lobby.change(event, status=status)
    assert set(lobby.statuses(tokens)) == {"closed"}
    assert await lobby.rooms.join(changed) is NO_ROOM


async def test_a_deleted_event_leaves_no_room(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1)
    (token,) = await lobby.join(event)
    lobby.catalogue.drop_event(event.id)
    assert lobby.look(token).status.value == "closed"
    await lobby.wait(1)
    assert isinstance(lobby.rooms.standing(token), Refusal)
    assert lobby.rooms.waiting_room(event.id) is None


async def test_an_event_deleted_while_its_room_is_made_has_none(lobby: Lobby) -> None:
    event = await lobby.open()
    lobby.store.gone.add(event.id)
    assert await lobby.rooms.join(event) is NO_ROOM


async def test_an_opening_put_off_before_the_draw_keeps_everybody_in_it(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=5)
    tokens = await lobby.join(event, 4)
    later = await lobby.change(event, on_sale_at=lobby.at(60))
    await lobby.wait(10)
    tokens += await lobby.join(later, 4)
    assert {lobby.look(token).opens_at for token in tokens} == {later.on_sale_at}
    await lobby.wait(51)
    assert (await notice(lobby, later)).drawn == 8


async def test_an_event_with_nothing_to_sell_keeps_its_guests_waiting(lobby: Lobby) -> None:
    event = lobby.announce()
    (token,) = await lobby.join(event)
    await lobby.wait(5)
    standing = lobby.look(token)
    assert (standing.status.value, standing.position, standing.opens_at) == ("waiting", None, None)
    await lobby.sell(event, 10)
    await lobby.wait(1)
    assert lobby.statuses([token]) == ["admitted"]


async def test_after_the_sale_has_ended_there_is_no_room(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1, off_sale_at=lobby.at(100))
    tokens = await lobby.join(event, 2)
    await lobby.wait(2)
    await lobby.wait(99)
    assert set(lobby.statuses(tokens)) == {"closed"}
    assert await lobby.rooms.join(event) is NO_ROOM


# -- what everybody may know


async def test_the_notice_is_the_same_object_until_something_is_new(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=60)
    await lobby.join(event)
    await lobby.wait(5)
    first = await notice(lobby, event)
    await lobby.wait(5)
    assert await notice(lobby, event) is first
    await lobby.join(event)
    await lobby.wait(2.5)
    assert (await notice(lobby, event)).joined == 2


async def test_everybody_hears_of_others_coming_only_now_and_then(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=600)
    told = []
    for _ in range(40):
        await lobby.join(event)
        await lobby.wait(0.5)
        told.append(await notice(lobby, event))
    assert 9 <= len({id(each) for each in told}) <= 12


async def test_a_room_where_nothing_happens_writes_nothing(lobby: Lobby) -> None:
    event = await lobby.open()
    await lobby.join(event, 3)
    await lobby.wait(5)
    lobby.store.writes = 0
    await lobby.wait(60)
    assert lobby.store.writes == 0


async def test_guests_who_come_one_by_one_do_not_each_make_a_wave(lobby: Lobby) -> None:
    event = await lobby.open()
    tokens = []
    for _ in range(60):
        tokens += await lobby.join(event)
        await lobby.wait(0.5)
    assert set(lobby.statuses(tokens)) == {"admitted"}
    assert len(lobby.store.rooms[CONCERT].record.waves) <= 4


async def test_counts_stay_up_to_date_while_the_frontier_moves(lobby: Lobby) -> None:
    event = await lobby.open(opens_after=1, capacity=100_000)
    await lobby.rooms.steer(event, lambda _: Steering(admitted_per_minute_max=240))
    await lobby.join(event, 100)
    for _ in range(40):
        await lobby.join(event, 3)
        await lobby.wait(0.5)
    told = await notice(lobby, event)
    assert told.joined >= 220 - 5 * 3
    assert 200 <= told.admitted_per_minute <= 280


async def test_each_room_of_the_past_starts_without_being_asked(lobby: Lobby) -> None:
    lobby.store.rooms[EventId(99)] = StoredRoom(EventId(99), bytes(32), RoomRecord(numbers_to=5))
    event = await lobby.open(opens_after=5)
    await lobby.join(event, 2)
    await lobby.restart()
    assert lobby.rooms.waiting_room(EventId(99)) is None
    assert (await notice(lobby, event)).joined >= 2


async def test_operators_see_how_many_wait_in_open_rooms(lobby: Lobby) -> None:
    event = await lobby.open(capacity=2)
    await lobby.join(event, 5)
    await lobby.wait(1)
    assert lobby.rooms.stats() == RoomStats(rooms=1, waiting=4, shopping=1, paused=0)
    await lobby.change(event, waiting_room=Switch.OFF)
    assert lobby.rooms.stats() == RoomStats(rooms=0, waiting=0, shopping=0, paused=0)
