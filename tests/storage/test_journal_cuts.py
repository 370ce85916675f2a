"""A group's statement is cut everywhere: it has happened exactly once, or never."""

import asyncpg
import pytest

from tests.conftest import Report
from tests.fakes.cuts import FOR_EVER, Cut, Side, cuts_everywhere
from tests.fakes.proxy import Proxy
from tests.storage.writing import Writing, ledger, writing
from ticketd.storage.fence import Fence

GROUP = "INSERT INTO ledger"
RESOLVE = "SET group_seq = group_seq +"
COMMIT_SECONDS_MAX = 0.3
SHORTER, LONGER = COMMIT_SECONDS_MAX / 4, 2 * COMMIT_SECONDS_MAX
STRIDE_BYTES = 19


async def sell_through(w: Writing, proxy: Proxy, *faults: tuple[Cut, str]) -> None:
    """Sell once while the statements break, and once more; both are durable, and everyone hears it."""
    heard = len(w.clerk.heard)
    for cut, statement in faults:
        proxy.lay(cut, statement)
    for _ in range(2):
        await w.clerk.write(w.journal, w.clerk.reserved())
    assert w.clerk.heard[heard:] == ["committed"] * 2
    assert len(proxy.struck) == len(faults), "not all of them came to pass"
    proxy.struck.clear()


@pytest.mark.parametrize("pause_seconds", [None, SHORTER, LONGER, FOR_EVER])
async def test_a_group_cut_between_or_inside_messages_happens_exactly_once(
    pause_seconds: float | None, proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    places = cuts_everywhere(pause_seconds)
    async with writing(proxy.dsn, pool, fence.incarnation, commit_seconds_max=COMMIT_SECONDS_MAX) as w:
        for cut in places:
            await sell_through(w, proxy, (cut, GROUP))
            assert await ledger(pool) == list(range(1, w.clerk.inventory.seq + 1)), cut
        if pause_seconds != SHORTER:
            assert w.journal.stats().in_doubt >= len(places) - 1, "only an answer that came leaves none"


@pytest.mark.parametrize("side", Side)
async def test_a_question_about_doubt_cut_anywhere_gets_the_same_answer_again(
    side: Side, proxy: Proxy, pool: asyncpg.Pool, fence: Fence
) -> None:
    doubt = Cut(side, messages=2)
    async with writing(proxy.dsn, pool, fence.incarnation, commit_seconds_max=COMMIT_SECONDS_MAX) as w:
        for cut in cuts_everywhere(None):
            await sell_through(w, proxy, (doubt, GROUP), (cut, RESOLVE))
            assert await ledger(pool) == list(range(1, w.clerk.inventory.seq + 1)), cut


@pytest.mark.storm
@pytest.mark.parametrize("side", Side)
async def test_a_group_cut_at_any_byte_happens_exactly_once(
    side: Side, proxy: Proxy, pool: asyncpg.Pool, fence: Fence, soak: bool, report: Report
) -> None:
    byte = cut_places = 0
    async with writing(proxy.dsn, pool, fence.incarnation, commit_seconds_max=COMMIT_SECONDS_MAX) as w:
        while byte <= proxy.bytes_of_broken:
            await sell_through(w, proxy, (Cut(side, 0, byte), GROUP))
            byte += 1 if soak else STRIDE_BYTES
            cut_places += 1
        assert await ledger(pool) == list(range(1, w.clerk.inventory.seq + 1))
        doubts = w.journal.stats().in_doubt
    report(
        f"{side.name.lower()} of a group of {proxy.bytes_of_broken} bytes cut at {cut_places} places:"
        f" {doubts} in doubt, each group there exactly once"
    )
