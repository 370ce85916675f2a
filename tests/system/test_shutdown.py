"""SIGTERM under load: all that was accepted is answered, and all that was answered is there."""

import asyncio
import sys
from contextlib import closing
from pathlib import Path

import asyncpg

from tests.system.audit import assert_balanced, assert_conserved, assert_nothing_lost, rows
from tests.system.client import BoxOffice, Client
from tests.system.crowd import Crowd, Journey
from tests.system.server import Server, environment
from ticketd.storage.fence import SERVE_LOCK

EXIT_SECONDS_MAX = 10
_IS_STARTING = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'ticketd lock')"
_BEHIND_THEIR_CHECKPOINT = """
SELECT inventory_id FROM ledger l LEFT JOIN checkpoint c USING (inventory_id)
GROUP BY inventory_id, c.fact_seq HAVING max(l.fact_seq) IS DISTINCT FROM c.fact_seq
"""


def test_a_clean_stop_under_load_answers_everyone_whom_it_accepted(server: Server) -> None:
    with closing(BoxOffice(server)) as box_office:
        ticket_types = [box_office.open(capacity=100_000) for _ in range(3)]
    with Crowd(server, ticket_types, patient=False) as crowd:
        crowd.wait_for_answers(200)
        server.terminate()
    assert server.exit_code() == 0
    assert crowd.surprises == []
    server.start()
    assert rows(server, _BEHIND_THEIR_CHECKPOINT) == []
    told = [journey for journey in crowd.journeys if not journey.refused]
    assert_nothing_lost(server, told)
    assert_not_made(server, [journey for journey in told if journey.acknowledged is None])
    assert_balanced(server, ticket_types)
    assert_conserved(server)


def assert_not_made(server: Server, unanswered: list[Journey]) -> None:
    """A reservation without an answer wasn't made: asked again with its key, it is made now."""
    with closing(Client(server)) as guest:
        for journey in unanswered:
            assert guest.ask("POST", "/reservations", journey.request, key=journey.key).status == 201


def test_a_clean_stop_of_an_idle_server_with_open_connections_is_prompt(server: Server) -> None:
    with closing(Client(server)) as guest:
        assert guest.fetch("GET", "/healthz")[0] == 200
        server.terminate()
        assert server.exit_code() == 0
    assert ['"listening"' in server.log, '"stopping"' in server.log] == [True, True]


async def test_a_stop_during_the_start_is_heard(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "ticketd", "serve", "--port", "0", "--data-dir", str(tmp_path)]
    settings = environment({"lease_seconds": "60", "database_url": database_url})
    async with pool.acquire() as holder:  # the start waits for the lock
        await holder.execute("SELECT pg_advisory_lock($1)", SERVE_LOCK)
        starting = await asyncio.create_subprocess_exec(*command, env=settings)
        try:
            while not await holder.fetchval(_IS_STARTING):
                assert starting.returncode is None
            starting.terminate()
            async with asyncio.timeout(EXIT_SECONDS_MAX):
                assert await starting.wait() == 0
        finally:
            if starting.returncode is None:
                starting.kill()
                await starting.wait()
