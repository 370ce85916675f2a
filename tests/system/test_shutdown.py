"""SIGTERM under load: all that was accepted is answered, and all that was answered is there."""

from contextlib import closing

from tests.system.audit import assert_balanced, assert_conserved, assert_nothing_lost, rows
from tests.system.client import BoxOffice, Client
from tests.system.crowd import Crowd, Journey
from tests.system.server import Server

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
