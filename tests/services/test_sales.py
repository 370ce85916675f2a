"""Reserving, looking and releasing over real actors and a journal in memory, crashes included."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.actors.house import (
    ANSWER_SECONDS_MAX,
    BALCONY,
    HOLD_SECONDS,
    ORGANIZER,
    STALLS,
    VIP,
    House,
    actor_limits,
    turns,
)
from tests.eventually import eventually
from tests.fakes.clock import ManualClock
from tests.services.office import KEY, PLACES, TENTATIVE_SECONDS, Office, cart, line, reason
from ticketd.actors.ticket_type import PoisonedCommand
from ticketd.core import commands as c
from ticketd.core.catalogue import Event
from ticketd.core.facts import Reserved, Sealed
from ticketd.core.ids import (
    SECOND,
    EventId,
    Instant,
    InventoryId,
    OrganizerId,
    TicketTypeId,
    reservation_id,
)
from ticketd.core.outcomes import Outcome
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.reservations import Reservation, ReservationStatus
from ticketd.core.terms import EventStatus, EventWindow, Profile, TermsPatch
from ticketd.services.sales import Granted


@pytest.fixture
async def office(clock: ManualClock) -> AsyncIterator[Office]:
    office = await Office(clock).open()
    yield office
    office.house.registry.close()


# -- one line


async def test_a_reservation_is_held_for_its_time(office: Office) -> None:
    made = await office.granted(line(VIP, 2))
    assert made.home.status is ReservationStatus.HELD
    assert made.home.deadline == office.clock.now() + HOLD_SECONDS * SECOND
    assert (made.number, made.total_cents) == ("1-2", 10_00)
    assert await office.reservations.find(made.home.reservation_id) == made


async def test_the_same_key_gets_the_same_reservation(office: Office) -> None:
    first = await office.granted(line(VIP), key=KEY)
    assert await office.sales.reserve([line(VIP)], KEY) == Granted(first, repeated=True)
    assert office.free()[0] == 9


async def test_a_key_with_another_request_is_refused(office: Office) -> None:
    await office.granted(line(VIP), key=KEY)
    assert reason(await office.sales.reserve([line(VIP, 2)], KEY)) is Reason.KEY_REUSED


async def test_a_key_is_scoped_to_the_ticket_types_it_came_with(office: Office) -> None:
    first = await office.granted(line(VIP), key=KEY)
    second = await office.granted(line(STALLS), key=KEY)
    third = await office.granted(line(VIP), line(STALLS), key=KEY)
    assert len({each.home.reservation_id for each in (first, second, third)}) == 3


async def test_after_a_refusal_the_key_may_try_again(office: Office) -> None:
    blocking = await office.granted(line(VIP, 10))
    assert reason(await office.sales.reserve([line(VIP)], KEY)) is Reason.SOLD_OUT
    await office.sales.release(blocking.home.reservation_id)
    await office.granted(line(VIP), key=KEY)


async def test_a_key_repeated_after_its_reservation_was_paid_shows_it_with_its_tickets(
    office: Office,
) -> None:
    first = await office.granted(line(VIP, 2), key=KEY)
    await office.buy(first)
    again = await office.sales.reserve([line(VIP, 2)], KEY)
    assert isinstance(again, Granted)
    assert again.repeated
    assert again.reservation.home.status is ReservationStatus.PAID
    assert len(again.reservation.home.ticket_codes) == 2


async def test_many_at_once_with_one_key_get_one_reservation(office: Office) -> None:
    made = await asyncio.gather(*(office.sales.reserve([line(VIP)], KEY) for _ in range(10)))
    granted = [each for each in made if isinstance(each, Granted)]
    assert len(granted) == 10
    assert len({each.reservation.home.reservation_id for each in granted}) == 1
    assert sum(not each.repeated for each in granted) == 1


async def test_a_key_outlives_a_restart(office: Office) -> None:
    first = await office.granted(line(VIP), key=KEY)
    await office.restart()
    assert await office.sales.reserve([line(VIP)], KEY) == Granted(first, repeated=True)


# -- refusals


async def test_an_unknown_ticket_type_is_not_found_before_anything_else(office: Office) -> None:
    made = await office.sales.reserve([line(VIP, 99), line(InventoryId(99))], None)
    assert made == Refusal(Reason.NOT_FOUND, ticket_type_id=TicketTypeId(99))
    assert office.free() == [10, 10, 10]


async def test_a_draft_events_ticket_type_is_not_found(office: Office, clock: ManualClock) -> None:
    event = Event(EventId(1), ORGANIZER, "Gala", "", clock.now(), "Europe/Paris", status=EventStatus.DRAFT)
    office.catalogue.put_event(event)
    draft = InventoryId(4)
    await office.sell(draft, Profile(ORGANIZER, event.id, "code-4"), EventWindow(event.status))
    assert reason(await office.sales.reserve([line(draft)], None)) is Reason.NOT_FOUND


async def test_two_organizers_are_told_before_a_ticket_type_that_nobody_knows(office: Office) -> None:
    foreign, unknown = InventoryId(5), InventoryId(99)
    await office.sell(foreign, Profile(OrganizerId(2), None, "code-5"))
    wanted = [line(VIP), line(unknown), line(foreign)]
    assert reason(await office.sales.reserve(wanted, None)) is Reason.INVALID
    assert reason(await office.sales.reserve(wanted[:2], None)) is Reason.NOT_FOUND


async def test_ticket_types_of_two_organizers_make_no_reservation(office: Office) -> None:
    foreign = InventoryId(5)
    await office.sell(foreign, Profile(OrganizerId(2), None, "code-5"))
    assert reason(await office.sales.reserve([line(VIP), line(foreign)], None)) is Reason.INVALID
    assert office.free() == [10, 10, 10]


async def test_a_cart_hears_its_refusals_in_the_order_that_guests_rely_on(office: Office) -> None:
    await office.granted(line(VIP, 10))  # the home line would say: sold out
    await office.house.ask(STALLS, c.ChangeTerms(TermsPatch(max_per_reservation=1)))
    opens_at = Instant(office.clock.now() + SECOND)
    await office.house.ask(BALCONY, c.ChangeTerms(TermsPatch(on_sale_at=opens_at)))
    for expected, place in ((Reason.NOT_ON_SALE, BALCONY), (Reason.LIMIT_EXCEEDED, STALLS)):
        refusal = await office.sales.reserve(cart(2), None)
        assert isinstance(refusal, Refusal)
        assert (refusal.reason, refusal.ticket_type_id) == (expected, TicketTypeId(place))
        office.clock.advance(1)
    refusal = await office.sales.reserve([line(VIP), line(STALLS)], None)
    assert refusal == Refusal(Reason.SOLD_OUT, ticket_type_id=TicketTypeId(VIP), available=0)


@pytest.mark.parametrize(
    "text", ["", "x", "A" * 32, "é" * 32, "\x00" * 32, "//////////++++++++++==========__"]
)
async def test_an_id_that_nobody_was_given_is_not_found(office: Office, text: str) -> None:
    assert await office.reservations.find(text) == Refusal(Reason.NOT_FOUND)
    assert await office.sales.release(text) == Refusal(Reason.NOT_FOUND)


async def test_a_made_up_id_is_not_found_wherever_it_leads(office: Office) -> None:
    for home in (VIP, InventoryId(0), InventoryId(77), InventoryId(2**31), InventoryId(2**32 - 1)):
        made_up = reservation_id(home=home, now=office.clock.now(), random=b"?" * 16)
        assert await office.reservations.find(made_up) == Refusal(Reason.NOT_FOUND)
    assert office.house.registry.stats().actors == len(PLACES), "nobody fills the memory by guessing"


async def test_what_cannot_be_told_now_is_not_called_unknown(office: Office) -> None:
    held = await office.granted(line(VIP))
    office.house.registry.close()
    assert reason(await office.reservations.find(held.home.reservation_id)) is Reason.OVERLOADED


# -- releasing


async def test_a_release_gives_back_and_may_be_repeated(office: Office) -> None:
    held = await office.granted(line(VIP, 3))
    for _ in range(2):
        released = await office.sales.release(held.home.reservation_id)
        assert isinstance(released, Reservation)
        assert released.home.status is ReservationStatus.RELEASED
    assert office.free() == [10, 10, 10]


async def test_two_releases_at_once_both_succeed_whatever_their_timing(clock: ManualClock) -> None:
    for delay in range(12):
        office = await Office(clock).open()
        held = await office.granted(line(VIP))
        first = asyncio.create_task(office.sales.release(held.home.reservation_id))
        await turns(delay)
        second = asyncio.create_task(office.sales.release(held.home.reservation_id))
        for made in await asyncio.gather(first, second):
            assert isinstance(made, Reservation), (delay, made)
            assert made.home.status is ReservationStatus.RELEASED
        office.house.registry.close()


async def test_a_release_that_comes_while_it_expires_shows_it_expired(office: Office) -> None:
    held = await office.granted(line(VIP))
    office.clock.advance(HOLD_SECONDS)
    made = await office.sales.release(held.home.reservation_id)
    assert isinstance(made, Reservation)
    assert made.home.status is ReservationStatus.EXPIRED


@pytest.mark.parametrize("paid", [False, True])
async def test_what_is_being_paid_is_not_released(office: Office, paid: bool) -> None:
    held = await office.granted(*cart())
    if paid:
        await office.buy(held)
    else:
        await office.house.ask(VIP, c.StartPayment(held.home.reservation_id))
    expected = Reason.RESERVATION_CLOSED if paid else Reason.PAYMENT_IN_PROGRESS
    assert reason(await office.sales.release(held.home.reservation_id)) is expected
    assert office.free() == [9, 9, 9]


async def test_a_released_cart_gives_everything_back(office: Office) -> None:
    held = await office.granted(*cart(2))
    released = await office.sales.release(held.home.reservation_id)
    assert isinstance(released, Reservation)
    assert {each.status for each in released.lines} == {ReservationStatus.RELEASED}
    assert office.free() == [10, 10, 10]


async def test_a_cart_whose_release_was_in_doubt_is_given_back_whole(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer came too late, and yet the home line was released."""
    held = await office.granted(*cart(2))
    ask = office.house.registry.ask
    lost = [held.home.inventory_id]

    def losing(inventory_id: InventoryId, command: c.AnyCommand) -> asyncio.Future[Outcome]:
        answer = ask(inventory_id, command)
        if not (isinstance(command, c.Release) and inventory_id in lost):
            return answer
        lost.remove(inventory_id)
        late: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        late.set_result(Refusal(Reason.OVERLOADED))
        return late

    monkeypatch.setattr(office.house.registry, "ask", losing)
    released = await office.sales.release(held.home.reservation_id)
    assert isinstance(released, Reservation)
    assert {each.status for each in released.lines} == {ReservationStatus.RELEASED}
    assert office.free() == [10, 10, 10]


async def test_a_release_repeated_makes_the_other_lines_follow(office: Office) -> None:
    held = await office.granted(*cart(2))
    await office.house.ask(held.home.inventory_id, c.Release(held.home.reservation_id))
    released = await office.sales.release(held.home.reservation_id)
    assert isinstance(released, Reservation)
    assert {each.status for each in released.lines} == {ReservationStatus.RELEASED}
    assert office.free() == [10, 10, 10]


# -- carts


async def test_a_cart_is_held_whole_and_for_its_full_time(office: Office) -> None:
    made = await office.granted(*cart(2))
    assert [each.inventory_id for each in made.lines] == [VIP, STALLS, BALCONY]
    assert not any(each.tentative for each in made.lines)
    assert {each.deadline for each in made.lines} == {office.clock.now() + HOLD_SECONDS * SECOND}
    assert made.total_cents == 30_00


async def test_a_cart_that_cannot_be_held_whole_holds_nothing(office: Office) -> None:
    await office.granted(line(STALLS, 10))
    refusal = await office.sales.reserve(cart(), None)
    assert refusal == Refusal(Reason.SOLD_OUT, ticket_type_id=TicketTypeId(STALLS), available=0)
    await turns()
    assert office.free() == [10, 0, 10]


async def test_a_refused_cart_gives_back_only_what_it_held(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[InventoryId, c.AnyCommand]] = []
    ask = office.house.registry.ask

    def noting(inventory_id: InventoryId, command: c.AnyCommand) -> asyncio.Future[Outcome]:
        asked.append((inventory_id, command))
        return ask(inventory_id, command)

    await office.granted(line(STALLS, 10))
    monkeypatch.setattr(office.house.registry, "ask", noting)
    await office.sales.reserve(cart(), None)
    released = {place for place, command in asked if isinstance(command, c.Release)}
    assert STALLS not in released
    assert len(released) == 2


async def test_a_cart_whose_last_seal_came_too_late_is_held_by_nobody(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketd.services.carts._SEAL_RETRY_SECONDS", 0.001)
    office = await Office(clock, actor_limits(answer_seconds_max=10)).open()
    ask, home_seals = office.house.registry.ask, 0

    def late(inventory_id: InventoryId, command: c.AnyCommand) -> asyncio.Future[Outcome]:
        nonlocal home_seals
        if isinstance(command, c.Seal) and inventory_id == min(PLACES):
            home_seals += 1
            if home_seals == 1:
                reply: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
                reply.set_result(Refusal(Reason.OVERLOADED))
                office.clock.advance(TENTATIVE_SECONDS + 1)
                return reply
        return ask(inventory_id, command)

    monkeypatch.setattr(office.house.registry, "ask", late)
    assert reason(await office.sales.reserve(cart(), KEY)) is Reason.OVERLOADED
    await eventually(lambda: office.free() == [10, 10, 10])
    office.house.registry.close()


async def test_a_tentative_cart_is_nothing_that_a_guest_could_look_at(office: Office) -> None:
    office.house.journal.held = True
    reserving = asyncio.create_task(office.sales.reserve(cart(), None))
    await turns()
    (home, *_) = office.house.registry.strays()
    office.house.journal.commit()
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        assert await office.reservations.find(home.reservation_id) == Refusal(Reason.NOT_FOUND)
    office.house.journal.let_go()
    assert isinstance(await reserving, Granted)


async def test_a_cart_that_loses_a_line_before_it_is_sealed_is_given_back_whole(office: Office) -> None:
    office.house.journal.held = True
    reserving = asyncio.create_task(office.sales.reserve(cart(), KEY))
    await turns()
    (home, *_) = office.house.registry.strays()
    office.house.ask(STALLS, c.Release(home.reservation_id))
    office.house.journal.let_go()
    assert reason(await reserving) is Reason.OVERLOADED
    await turns(20)
    assert office.free() == [10, 10, 10]
    await office.granted(*cart(), key=KEY)


async def test_a_guest_who_leaves_drops_only_the_answer(office: Office) -> None:
    reserving = asyncio.create_task(office.sales.reserve(cart(), KEY))
    await turns(2)
    reserving.cancel()
    await turns(40)
    assert office.free() == [9, 9, 9]
    again = await office.sales.reserve(cart(), KEY)
    assert isinstance(again, Granted)
    assert again.repeated


async def test_a_carts_key_repeated_while_the_first_is_under_way_gets_the_same_cart(
    clock: ManualClock,
) -> None:
    for delay in range(15):
        office = await Office(clock).open()
        first = asyncio.create_task(office.sales.reserve(cart(), KEY))
        await turns(delay)
        second = asyncio.create_task(office.sales.reserve(cart(), KEY))
        made = await asyncio.gather(first, second)
        granted = [each for each in made if isinstance(each, Granted)]
        assert [each.repeated for each in granted] == [False, True], (delay, made)
        assert granted[0].reservation == granted[1].reservation
        await turns()
        assert office.free() == [9, 9, 9]
        assert office.count(Sealed) == [1, 1, 1]
        office.house.registry.close()


async def test_a_carts_key_repeated_while_the_first_is_refused_is_refused_or_tries_again(
    clock: ManualClock,
) -> None:
    for delay in range(20):
        office = await Office(clock).open()
        await office.granted(line(STALLS, 10))
        first = asyncio.create_task(office.sales.reserve(cart(), KEY))
        await turns(delay)
        second = asyncio.create_task(office.sales.reserve(cart(), KEY))
        made = await asyncio.gather(first, second)
        assert reason(made[0]) is Reason.SOLD_OUT
        assert reason(made[1]) in (Reason.SOLD_OUT, Reason.OVERLOADED), (delay, made)
        await turns()
        assert office.free() == [10, 0, 10]
        office.house.registry.close()


async def test_a_late_repeat_takes_nothing_from_a_cart_that_has_been_paid_meanwhile(
    clock: ManualClock,
) -> None:
    """The repeat's commands wait in crowded mailboxes, where those of the payment overtake them."""
    for delay in range(8):
        office = await Office(clock, actor_limits(batch_size_max=1)).open()
        reserving = asyncio.create_task(office.sales.reserve(cart(), KEY))
        await turns(delay)
        repeating = asyncio.create_task(office.sales.reserve(cart(), KEY))
        crowding = asyncio.create_task(crowd(office))
        first = await reserving
        assert isinstance(first, Granted)
        await office.buy(first.reservation)
        await crowding
        assert isinstance(await repeating, Granted)
        await turns(50)
        found = await office.reservations.find(first.reservation.home.reservation_id)
        assert isinstance(found, Reservation)
        assert [each.status for each in found.lines] == [ReservationStatus.PAID] * 3, delay
        assert all(each.ticket_codes for each in found.lines)
        office.house.registry.close()


async def crowd(office: Office) -> None:
    """Guests who want more than they may."""
    for _ in range(60):
        for place in (STALLS, BALCONY):
            office.house.reserve(place, 99)
            office.house.reserve(place, 99)
        await turns(1)


async def test_a_cart_whose_last_seal_is_in_doubt_is_the_guests_if_it_happened(clock: ManualClock) -> None:
    office = await Office(clock, actor_limits(answer_seconds_max=10)).open()
    reserving = asyncio.create_task(office.sales.reserve(cart(), KEY))
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        while office.count(Sealed)[1:] != [1, 1]:
            await turns(1)
    office.house.journal.held = True
    await turns()
    office.clock.advance(TENTATIVE_SECONDS + 1)
    office.house.tick()
    assert reason(await reserving) is Reason.OVERLOADED
    office.house.journal.let_go()
    await turns(40)
    again = await office.sales.reserve(cart(), KEY)
    assert isinstance(again, Granted)
    assert again.repeated
    assert {each.status for each in again.reservation.lines} == {ReservationStatus.HELD}
    office.house.registry.close()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), guests=st.integers(2, 8))
def test_carts_over_the_same_ticket_types_are_all_or_nothing_in_any_order(seed: int, guests: int) -> None:
    asyncio.run(_rush(random.Random(seed), guests))


async def _rush(dice: random.Random, guests: int) -> None:
    office = await Office(ManualClock(), actor_limits(batch_size_max=2)).open(capacity=4)

    async def guest() -> Granted | Refusal:
        wanted = dice.sample(PLACES, dice.randint(1, 3))
        await turns(dice.randint(0, 12))
        return await office.sales.reserve([line(place, dice.randint(1, 3)) for place in wanted], None)

    made = await asyncio.gather(*(guest() for _ in range(guests)))
    await turns(20)
    expected = [4, 4, 4]
    for each in made:
        if isinstance(each, Granted):
            for held in each.reservation.lines:
                expected[PLACES.index(held.inventory_id)] -= held.quantity
    assert office.free() == expected
    assert not [stray for stray in office.house.registry.strays() if stray.tentative]
    office.house.registry.close()


# -- crashes


async def crashed_while_reserving(clock: ManualClock, commits: int) -> Office:
    """An office whose process died, and started anew, after so many commits of a cart."""
    office = await Office(clock).open()
    office.house.journal.held = True
    reserving = asyncio.create_task(office.sales.reserve(cart(2), KEY))
    for _ in range(commits):
        await turns(15)
        if office.house.journal.pending:
            office.house.journal.commit()
    await office.restart()
    await asyncio.gather(reserving, return_exceptions=True)
    await turns(15)
    return office


@pytest.mark.parametrize("commits", range(6))
async def test_after_a_crash_between_any_two_steps_no_stray_stays(clock: ManualClock, commits: int) -> None:
    office = await crashed_while_reserving(clock, commits)
    whole = office.count(Sealed)[0] == 1
    assert office.free() == ([8, 8, 8] if whole else [10, 10, 10])
    office.house.registry.close()


@pytest.mark.parametrize("commits", range(6))
async def test_after_a_crash_the_carts_key_gets_what_it_made_or_a_new_one(
    clock: ManualClock, commits: int
) -> None:
    office = await crashed_while_reserving(clock, commits)
    whole = office.count(Sealed)[0] == 1
    made = await office.sales.reserve(cart(2), KEY)
    assert isinstance(made, Granted)
    assert made.repeated is whole
    assert office.free() == [8, 8, 8]
    office.house.registry.close()


async def test_the_key_of_a_cart_that_broke_off_is_free_once_its_hold_has_run_out(office: Office) -> None:
    wanted = [line(VIP), line(STALLS, 7)]
    office.house.journal.refuses = lambda fact: isinstance(fact, Reserved) and fact.quantity == 7
    with pytest.raises(PoisonedCommand):
        await office.sales.reserve(wanted, KEY)
    office.house.journal.refuses = lambda fact: False
    assert reason(await office.sales.reserve(wanted, KEY)) is Reason.OVERLOADED
    office.clock.advance(TENTATIVE_SECONDS)
    await office.granted(*wanted, key=KEY)
    assert office.free() == [9, 3, 10]


@pytest.mark.parametrize("commits", range(5))
async def test_a_crash_while_releasing_a_cart_leaves_it_whole_or_gone(
    clock: ManualClock, commits: int
) -> None:
    office = await Office(clock).open()
    held = await office.granted(*cart(2))
    office.house.journal.held = True
    releasing = asyncio.create_task(office.sales.release(held.home.reservation_id))
    for _ in range(commits):
        await turns(15)
        if office.house.journal.pending:
            office.house.journal.commit()
    await office.restart()
    await asyncio.gather(releasing, return_exceptions=True)
    await turns(15)
    found = await office.reservations.find(held.home.reservation_id)
    assert isinstance(found, Reservation)
    assert len({each.status for each in found.lines}) == 1
    assert office.free() == ([8, 8, 8] if commits == 0 else [10, 10, 10])
    office.house.registry.close()


async def test_strays_keep_their_hands_off_whole_carts(office: Office) -> None:
    held = await office.granted(*cart())
    paying = await office.granted(*cart())
    for each in paying.lines:
        await office.house.ask(each.inventory_id, c.StartPayment(each.reservation_id, 1))
    await office.restart()
    await turns(15)
    found = await office.reservations.find(held.home.reservation_id)
    assert found == held
    assert office.free() == [8, 8, 8]


async def test_a_home_line_that_cannot_answer_costs_no_guest_a_ticket(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.granted(*cart())
    strays = office.house.registry.strays()
    monkeypatch.setattr(office.sales._carts, "_router", BlindRouter(office.house))
    await office.sales.clear_strays(strays)
    await turns(15)
    assert office.free() == [9, 9, 9]


class BlindRouter:
    """Nobody may look at anything; the rest goes its way."""

    def __init__(self, house: House) -> None:
        self._house = house

    def ask(self, inventory_id: InventoryId, command: c.AnyCommand) -> asyncio.Future[Outcome]:
        if not isinstance(command, c.Inspect):
            return self._house.ask(inventory_id, command)
        reply: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        reply.set_result(Refusal(Reason.OVERLOADED))
        return reply


async def test_a_deleted_ticket_types_reservation_is_still_found(office: Office) -> None:
    held = await office.granted(line(VIP))
    await office.sales.release(held.home.reservation_id)
    await office.house.ask(VIP, c.Delete())
    office.catalogue.follow(VIP, None)
    found = await office.reservations.find(held.home.reservation_id)
    assert isinstance(found, Reservation)
    assert found.home.status is ReservationStatus.RELEASED


async def test_a_process_that_has_been_superseded_does_not_guess_about_an_open_line(office: Office) -> None:
    reservation = await office.granted(*cart())
    for actor in office.house.registry._actors.values():
        actor.inventory.lines.clear()  # another process has made it
    found = await office.reservations.find(reservation.home.reservation_id)
    assert reason(found) is Reason.OVERLOADED
