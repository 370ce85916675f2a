"""A reservation's deadline is a promise that a restart keeps."""

from contextlib import closing
from datetime import UTC, datetime

from tests.embedded.processes import wait_until
from tests.system.client import BoxOffice, Client
from tests.system.server import Server


def test_what_ran_out_while_the_server_was_down_is_expired_and_the_rest_keeps_its_deadline(
    server: Server,
) -> None:
    with closing(BoxOffice(server)) as box_office:
        ticket_type = box_office.open(capacity=10)
        lasting = box_office.reserve(ticket_type, 2).body
    server.kill()
    server.start(hold_seconds="2")
    with closing(Client(server)) as guest:
        passing = guest.reserve(ticket_type, 3).body
    server.kill()
    wait_until(lambda: datetime.now(UTC) > datetime.fromisoformat(passing["expires_at"]))
    server.start()
    with closing(Client(server)) as guest:
        wait_until(lambda: guest.availability(ticket_type)["available"] == 8)
        assert guest.look(passing["id"]) == (200, passing | {"status": "expired"})
        assert guest.look(lasting["id"]) == (200, lasting)
        assert guest.pay(passing["id"]).code == "reservation_expired"
        assert guest.pay(lasting["id"]).status == 200


def test_a_reservation_runs_out_by_itself_while_the_server_runs(server: Server) -> None:
    server.kill()
    server.start(hold_seconds="1")
    with closing(BoxOffice(server)) as box_office:
        ticket_type = box_office.open(capacity=1)
        first = box_office.reserve(ticket_type).body
        wait_until(lambda: box_office.availability(ticket_type)["available"] == 1)
        assert box_office.look(first["id"]).body == first | {"status": "expired"}
        assert box_office.reserve(ticket_type).status == 201
