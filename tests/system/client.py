"""A guest or an owner at the other end of the wire."""

import http.client
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from tests.system.server import Server

ANSWER_SECONDS_MAX = 30.0
JSON = "application/json"

T = TypeVar("T")


class Answer(NamedTuple):
    """A status and the JSON that came with it."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """What kind of problem it is; empty for a success."""
        return str(self.body["code"]) if self.status >= 400 else ""


class Unanswered(Exception):
    """No answer came: nobody can say from here whether anything has happened."""


class Client:
    """One keep-alive connection, for one thread; it finds the server again after a restart."""

    def __init__(self, server: Server, *, token: str | None = None) -> None:
        self._server = server
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._connection: http.client.HTTPConnection | None = None
        self.retry_after: str | None = None
        """When the last answer said to come again."""

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        media_type: str = JSON,
    ) -> Answer:
        """What `/api/v1` answers."""
        status, text = self.fetch(method, f"/api/v1{path}", body, key=key, media_type=media_type)
        return Answer(status, json.loads(text) if text else None)

    def fetch(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        media_type: str = JSON,
    ) -> tuple[int, bytes]:
        """Status and body of any path; what is sent and isn't JSON must be text."""
        headers = self._headers | ({} if key is None else {"Idempotency-Key": key})
        if body is not None:
            headers["Content-Type"] = media_type
        connection = self._connected()
        try:
            connection.request(method, path, _sent(body, media_type), headers)
            response = connection.getresponse()
            self.retry_after = response.getheader("Retry-After")
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unanswered(f"{method} {path}") from error

    def close(self) -> None:
        """Hang up; the next request connects again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self._server.port, timeout=ANSWER_SECONDS_MAX
            )
        return self._connection

    def is_ready(self) -> bool:
        """Whether the server says that guests can be served."""
        return self.fetch("GET", "/readyz")[0] == 200

    # -- what guests do

    def reserve(self, ticket_type: int, quantity: int = 1, *, key: str | None = None) -> Answer:
        """Ask for tickets of one type."""
        return self.ask("POST", "/reservations", reservation_of(ticket_type, quantity), key=key)

    def want(self, *lines: Mapping[str, object], key: str | None = None, **more: Any) -> Answer:
        """Ask for all these lines; `more` may be an `access_code`."""
        return self.ask("POST", "/reservations", {"lines": lines, **more}, key=key)

    def want_seats(self, ticket_type: int, *seats: str, key: str | None = None) -> Answer:
        """Ask for these seats."""
        return self.want({"ticket_type_id": ticket_type, "seats": seats}, key=key)

    def want_best(self, ticket_type: int, count: int, *, together: bool = True) -> Answer:
        """Ask for so many of the best seats."""
        return self.want({"ticket_type_id": ticket_type, "best_available": count, "together": together})

    def pay(self, reservation_id: str, token: str = "tok", **more: str) -> Answer:
        """Pay with a card that is good, or with one of the sandbox's tokens; `more` may be an `email`."""
        return self.ask("POST", f"/reservations/{reservation_id}/payment", {"token": token, **more})

    def release(self, reservation_id: str) -> Answer:
        """Give a reservation back."""
        return self.ask("DELETE", f"/reservations/{reservation_id}")

    def look(self, reservation_id: str) -> Answer:
        """See how a reservation stands."""
        return self.ask("GET", f"/reservations/{reservation_id}")

    def seats(self, ticket_type: int, *, since: int | None = None) -> Any:
        """See the seats, or those that have changed since a version."""
        query = "" if since is None else f"?since={since}"
        answer = self.ask("GET", f"/ticket-types/{ticket_type}/seats{query}")
        assert answer.status == 200, answer
        return answer.body

    def availability(self, ticket_type: int) -> Any:
        """See how many are left."""
        answer = self.ask("GET", f"/ticket-types/{ticket_type}/availability")
        assert answer.status == 200, answer
        return answer.body


class BoxOffice(Client):
    """The owner, with one organizer; makes it when it isn't there yet."""

    def __init__(self, server: Server, organizer: str = "box-office") -> None:
        super().__init__(server, token=server.token)
        self.organizer = organizer
        made = self.ask("POST", "/organizers", {"name": organizer, "slug": organizer})
        assert made.status == 201 or made.code == "slug_taken", made

    def open(
        self, *, capacity: int, price_cents: int = 1000, max_per_reservation: int = 10, **window: str
    ) -> int:
        """The id of a new ticket type."""
        made = self.ask(
            "POST",
            f"/organizers/{self.organizer}/ticket-types",
            {
                "name": "General Admission",
                "capacity": capacity,
                "price_cents": price_cents,
                "max_per_reservation": max_per_reservation,
                **window,
            },
        )
        assert made.status == 201, made
        return int(made.body["id"])

    def change(self, ticket_type: int, **changes: int) -> Answer:
        """Change its terms."""
        return self.ask("PATCH", f"/ticket-types/{ticket_type}", changes)

    def delete(self, ticket_type: int) -> Answer:
        """Take it off sale for ever."""
        return self.ask("DELETE", f"/ticket-types/{ticket_type}")


def _sent(body: object, media_type: str) -> bytes | None:
    if body is None:
        return None
    return (json.dumps(body) if media_type == JSON else str(body)).encode()


def reservation_of(ticket_type: int, quantity: int) -> dict[str, object]:
    """A request's body."""
    return {"lines": [{"ticket_type_id": ticket_type, "quantity": quantity}]}


def at_once(server: Server, works: Sequence[Callable[[Client], T]]) -> list[T]:
    """The results of works that begin at the same moment, each in a thread of its own, connected before."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[Client], T]) -> T:
        client = Client(server)
        client.fetch("GET", "/healthz")
        barrier.wait()
        try:
            return work(client)
        finally:
            client.close()

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(run, works))
