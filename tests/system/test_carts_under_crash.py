"""Carts, and kill -9 in the middle: all or nothing, and soon."""

import random
from itertools import cycle, islice

import pytest

from tests.conftest import Report
from tests.embedded.processes import wait_until
from tests.system.audit import assert_nothing_lost, ledger, rows
from tests.system.carts import GUESTS, CartCrowd, Watcher, assert_all_agree, open_sale
from tests.system.conftest import MakeServer
from tests.system.test_crashes import kill_both, kill_postgres, kill_server, wait_until_ready

TENTATIVE_SECONDS = 3
KILLS = (kill_server, kill_postgres, kill_server, kill_both)

_CART_LINES = """
WITH line AS (
    SELECT inventory_id, body::json ->> 'reservation_id' AS reservation_id,
           max(body::json ->> 'parts') AS parts,
           (array_agg(body::json ->> 'type' ORDER BY fact_seq DESC))[1] AS last_fact
    FROM ledger WHERE body::json ->> 'reservation_id' IS NOT NULL
    GROUP BY 1, 2 HAVING max(body::json ->> 'parts') IS NOT NULL AND max(body::json ->> 'guest') IS NULL
)
"""
_TENTATIVE = f"{_CART_LINES} SELECT * FROM line WHERE last_fact = 'Reserved'"
_TORN = f"""
{_CART_LINES} SELECT reservation_id FROM line GROUP BY 1
HAVING count(*) FILTER (WHERE last_fact NOT IN ('Released', 'Expired'))
       NOT IN (0, max(json_array_length(parts::json)))
"""


@pytest.mark.storm
def test_a_kill_leaves_whole_carts_or_none_and_blocks_nothing_for_long(
    make_server: MakeServer, soak: bool, report: Report
) -> None:
    server = make_server(tentative_hold_seconds=str(TENTATIVE_SECONDS))
    server.start()
    sale = open_sale(server)
    chance = random.Random(7)
    kills = 30 if soak else 3
    with CartCrowd(server, sale) as crowd, Watcher(server, sale.stalls) as watcher:
        for kill in islice(cycle(KILLS), kills):
            crowd.wait_for_answers(chance.randint(60, 300))
            kill(server)
            wait_until_ready(server)
        crowd.wait_for_answers(100)
    assert_all_agree(server, sale, crowd, watcher)
    told = {journey.acknowledged["id"] for journey in crowd.journeys if journey.acknowledged}
    given_back = {line.reservation_id for line in ledger(server)} - told
    report(
        f"carts and kill -9: {kills} times under {GUESTS} guests, {len(told)} reservations acknowledged,"
        f" 0 lost or torn; {len(given_back)} came to nothing and were given back"
    )


@pytest.mark.storm
def test_carts_that_nobody_comes_back_for_are_whole_or_gone_soon_after_a_kill(
    make_server: MakeServer, soak: bool
) -> None:
    """What no guest was told may be held, as any reservation, but nothing is left half made."""
    server = make_server(tentative_hold_seconds=str(TENTATIVE_SECONDS))
    server.start()
    sale = open_sale(server)
    chance = random.Random(11)
    for _ in range(10 if soak else 2):
        with CartCrowd(server, sale, patient=False) as crowd:
            crowd.wait_for_answers(chance.randint(20, 100))
            server.kill()
        server.start()
        wait_until(lambda: rows(server, _TENTATIVE) == [])
        assert rows(server, _TORN) == []
        told = [
            journey.acknowledged for journey in crowd.journeys if journey.is_told and journey.acknowledged
        ]
        assert_nothing_lost(server, [journey for journey in crowd.journeys if journey.is_told])
        assert {each["id"] for each in told} <= {line.reservation_id for line in ledger(server)}
