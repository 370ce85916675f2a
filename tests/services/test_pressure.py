"""When waiting rooms open by themselves, and when they close again."""

import pytest

from tests.services.lobby import CONCERT, OPERA, REQUIRED, Lobby
from ticketd.core.catalogue import Event
from ticketd.core.terms import Switch
from ticketd.services.pressure import CALM_TICKS, STRAINED_TICKS
from ticketd.services.room_keeper import TICK_SECONDS

LONG_ENOUGH = STRAINED_TICKS * TICK_SECONDS


@pytest.fixture
def lobby() -> Lobby:
    return Lobby()


async def strain(
    lobby: Lobby, seconds: float = LONG_ENOUGH, *, asked: dict[Event, int], turned_away: int = 1
) -> None:
    """So many guests ask at each tick, while requests are turned away."""
    for _ in range(round(seconds / TICK_SECONDS)):
        lobby.shop.turned_away += turned_away
        for event, count in asked.items():
            for _ in range(count):
                lobby.rooms.asked(event)
        await lobby.wait(TICK_SECONDS)


async def auto(lobby: Lobby, number: int = CONCERT) -> Event:
    return await lobby.open(type(CONCERT)(number), waiting_room=Switch.AUTO)


async def test_without_a_strain_it_stays_closed_however_many_ask(lobby: Lobby) -> None:
    event = await auto(lobby)
    await strain(lobby, 60, asked={event: 1000}, turned_away=0)
    assert not lobby.rooms.is_open(event)
    assert lobby.store.writes == 0


async def test_a_strain_opens_it_and_only_if_it_lasts(lobby: Lobby) -> None:
    event = await auto(lobby)
    await strain(lobby, LONG_ENOUGH - TICK_SECONDS, asked={event: 10})
    assert not lobby.rooms.is_open(event)
    await lobby.wait(TICK_SECONDS)
    await strain(lobby, LONG_ENOUGH - TICK_SECONDS, asked={event: 10})
    assert not lobby.rooms.is_open(event)
    await strain(lobby, TICK_SECONDS, asked={event: 10})
    assert lobby.rooms.is_open(event)


async def test_only_events_that_press_get_a_room(lobby: Lobby) -> None:
    concert, opera = await auto(lobby, CONCERT), await auto(lobby, OPERA)
    await strain(lobby, asked={concert: 95, opera: 5})
    assert lobby.rooms.is_open(concert)
    assert not lobby.rooms.is_open(opera)


@pytest.mark.parametrize("switch", [Switch.OFF, Switch.ON])
async def test_whoever_has_decided_is_not_overruled(lobby: Lobby, switch: Switch) -> None:
    event = await lobby.open(waiting_room=switch)
    await strain(lobby, asked={event: 100})
    assert lobby.rooms.is_open(event) is (switch is Switch.ON)


async def test_slow_commits_and_old_commands_are_a_strain(lobby: Lobby) -> None:
    for slow in ("commits", "mailbox"):
        lobby = Lobby()
        event = await auto(lobby)
        lobby.router.busy_since = lobby.clock.now() if slow == "mailbox" else None
        await lobby.wait(2)
        for _ in range(STRAINED_TICKS):
            if slow == "commits":
                lobby.shop.commit_seconds.observe(2.0)
            await strain(lobby, TICK_SECONDS, asked={event: 10}, turned_away=0)
        assert lobby.rooms.is_open(event), slow


async def test_it_closes_again_after_a_calm_time_with_nobody_waiting(lobby: Lobby) -> None:
    event = await auto(lobby)
    await strain(lobby, asked={event: 10})
    (token,) = await lobby.join(event)
    await lobby.rooms.steer(event, lambda known: type(known)(paused=True))
    (waiting,) = await lobby.join(event)
    await lobby.wait(2 * CALM_TICKS * TICK_SECONDS)
    assert lobby.rooms.is_open(event), "somebody waits"
    await lobby.rooms.steer(event, lambda known: type(known)(paused=False))
    await lobby.wait(TICK_SECONDS)
    assert lobby.statuses([waiting]) == ["admitted"]
    await lobby.wait((CALM_TICKS - 2) * TICK_SECONDS)
    assert lobby.rooms.is_open(event)
    await lobby.wait(3 * TICK_SECONDS)
    assert not lobby.rooms.is_open(event)
    assert lobby.statuses([token, waiting]) == ["admitted", "admitted"]
    assert await lobby.outcome(None) == "granted"


async def test_a_short_strain_begins_the_calm_time_anew(lobby: Lobby) -> None:
    event = await auto(lobby)
    await strain(lobby, asked={event: 10})
    await lobby.wait((CALM_TICKS - 2) * TICK_SECONDS)
    await strain(lobby, TICK_SECONDS, asked={})
    await lobby.wait((CALM_TICKS - 2) * TICK_SECONDS)
    assert lobby.rooms.is_open(event)
    await lobby.wait(3 * TICK_SECONDS)
    assert not lobby.rooms.is_open(event)


async def test_it_stays_open_while_the_strain_lasts(lobby: Lobby) -> None:
    event = await auto(lobby)
    await strain(lobby, 3 * CALM_TICKS * TICK_SECONDS, asked={event: 10})
    assert lobby.rooms.is_open(event)


async def test_walking_in_counts_as_asking_so_that_a_busy_mailbox_keeps_it_open(lobby: Lobby) -> None:
    event = await auto(lobby)
    lobby.router.busy_since = lobby.clock.now()
    for _ in range(2 * CALM_TICKS):
        assert await lobby.outcome(None) in ("granted", "sold_out")
        await lobby.wait(TICK_SECONDS)
    assert lobby.rooms.is_open(event)


async def test_after_a_restart_those_who_wait_go_on_waiting(lobby: Lobby) -> None:
    event = await auto(lobby)
    await strain(lobby, asked={event: 10})
    await lobby.rooms.steer(event, lambda known: type(known)(paused=True))
    (token,) = await lobby.join(event)
    await lobby.restart()
    assert lobby.rooms.is_open(event)
    assert lobby.statuses([token]) == ["waiting"]
    assert await lobby.outcome(None) == REQUIRED
