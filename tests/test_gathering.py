"""Small writes of many become one statement, and a bad one harms only itself."""

import asyncio
from collections.abc import Sequence

import pytest

from ticketd.gathering import ROWS_AT_ONCE_MAX, Gathering
from ticketd.ports import StorageUnavailable


class Table:
    """Keeps rows, slowly when told to; refuses `bad` ones."""

    def __init__(self) -> None:
        self.writes: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.bad: set[int] = set()
        self.reachable = True

    async def write(self, rows: Sequence[int]) -> Sequence[str]:
        await self.open.wait()
        if not self.reachable:
            raise StorageUnavailable
        if self.bad & set(rows):
            raise ValueError("bad row")
        self.writes.append(list(rows))
        return [str(row) for row in rows]


async def test_what_is_added_during_a_write_is_written_with_the_next() -> None:
    table = Table()
    gathering = Gathering(table.write, outages=(StorageUnavailable,))
    table.open.clear()
    first = asyncio.create_task(gathering.add(0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(gathering.add(number)) for number in range(1, 4)]
    await asyncio.sleep(0)
    assert not first.done()
    table.open.set()
    assert await asyncio.gather(first, *others) == ["0", "1", "2", "3"]
    assert table.writes == [[0], [1, 2, 3]]
    await gathering.add(4)
    assert table.writes[-1] == [4]


async def test_no_statement_takes_more_rows_than_allowed() -> None:
    table = Table()
    gathering = Gathering(table.write, outages=(StorageUnavailable,))
    await asyncio.gather(*(gathering.add(number) for number in range(2 * ROWS_AT_ONCE_MAX + 1)))
    assert [len(rows) for rows in table.writes] == [ROWS_AT_ONCE_MAX, ROWS_AT_ONCE_MAX, 1]


async def test_a_bad_row_harms_only_who_added_it() -> None:
    table = Table()
    table.bad = {1}
    gathering = Gathering(table.write, outages=(StorageUnavailable,))
    outcomes = await asyncio.gather(*(gathering.add(number) for number in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [str, ValueError, str]
    assert sorted(row for rows in table.writes for row in rows) == [0, 2]


async def test_in_an_outage_everybody_hears_of_it_and_later_writes_go_on() -> None:
    table = Table()
    table.reachable = False
    gathering = Gathering(table.write, outages=(StorageUnavailable,))
    outcomes = await asyncio.gather(*(gathering.add(number) for number in range(3)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StorageUnavailable}
    table.reachable = True
    await gathering.add(3)
    assert table.writes == [[3]]


async def test_one_who_leaves_takes_no_row_along() -> None:
    table = Table()
    gathering = Gathering(table.write, outages=(StorageUnavailable,))
    table.open.clear()
    leaving, staying = (asyncio.create_task(gathering.add(number)) for number in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    table.open.set()
    await staying
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert table.writes == [[0, 1]]
