"""How long viewers wait is counted for each change, also for those that they see together."""

from array import array

from bench.audience import Seen, Viewer
from bench.viewers import Sold, waits_for

SIGHT = b'event: availability\ndata: {"event_id":1,"ticket_types":[{"held":%d},{"held":0}]}\n\n'


def test_a_change_is_waited_for_from_when_it_is_durable_by_each_viewer() -> None:
    sold = Sold({11: 1.0, 12: 1.25}, begin=1.0, end=2.0, cpu_seconds=0.5)
    seen = Seen(array("d", (1.5, 1.125, 1.75)), array("q", (10, 10, 11)), array("q", (12, 11, 13)))
    assert list(waits_for(sold, seen)) == [0.5, 0.25, 0.125, 0.5]
    assert sold.cpu_share == 0.5


async def test_a_viewer_notes_what_comes_after_the_first_sight_however_it_is_cut_into_pieces() -> None:
    seen = Seen(array("d"), array("q"), array("q"))
    viewer = Viewer(b"", seen)
    stream = b"HTTP/1.1 200 OK\r\n\r\nretry: 2000\n\n" + SIGHT % 1 + b":\n\n" + SIGHT % 2 + SIGHT % 15
    for start in range(0, len(stream), 7):
        viewer.data_received(stream[start : start + 7])
    assert viewer.seated.done()
    assert (list(seen.held_before), list(seen.held)) == ([1, 2], [2, 15])
    assert list(seen.at) == sorted(seen.at)
