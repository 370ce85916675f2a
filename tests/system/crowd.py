"""Guests who keep coming, and who write down every answer that they get."""

import random
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain
from types import TracebackType
from typing import Any, Self, assert_never

from tests.embedded.processes import wait_until
from tests.system.client import Answer, Client, Unanswered, at_once, reservation_of
from tests.system.server import Server

SELLERS = 16
RETRY_SECONDS = 0.02
PATIENCE_SECONDS = 120.0


class Wish(Enum):
    """What a guest is going to do with a reservation."""

    HOLD = auto()
    PAY = auto()
    RELEASE = auto()


@dataclass
class Journey:
    """One guest's way, as far as it got."""

    key: str
    request: dict[str, object]
    wish: Wish
    acknowledged: Any = None
    """The reservation, as the last good answer showed it."""
    refused: bool = False
    """Whether it ended with a no; a 503 leaves open what has happened."""
    unanswered: bool = False
    """Whether it ended with a request that got no answer."""

    @property
    def is_told(self) -> bool:
        """Whether its guest knows how the reservation stands: every request was answered with a yes."""
        return not self.refused and not self.unanswered


class _Turned(Exception):
    """The journey ends here: a no, or a surprise."""


class Crowd:
    """Threads of guests, each guest after the other, until the context ends.

    Patient guests repeat what was not answered, or answered with 503, until they know; impatient ones end
    their journey and don't come again.
    """

    noes = frozenset({"sold_out", "overloaded"})
    """What may become of a request."""

    def __init__(
        self,
        server: Server,
        ticket_types: Sequence[int],
        *,
        threads: int = 8,
        patient: bool = True,
        patience_seconds: float = PATIENCE_SECONDS,
    ):
        self.journeys: list[Journey] = []
        self.surprises: list[tuple[Journey, Answer]] = []
        self.put_off = 0
        """How many answers were 503, each with a Retry-After."""
        self.pending = 0
        """How many answers left open whether a payment has happened."""
        self.longest_seconds = 0.0
        """How long an answer took at most."""
        self.unanswered = 0
        """How many requests got no answer."""
        self._server = server
        self._ticket_types = ticket_types
        self._patient = patient
        self._patience_seconds = patience_seconds
        self.answered = 0
        """How many requests have been answered with a yes."""
        self._counting = threading.Lock()
        self._leaving = threading.Event()
        self._count = threads
        self._pool = ThreadPoolExecutor(threads)
        self._threads: list[Future[None]] = []

    def __enter__(self) -> Self:
        chances = [random.Random(n) for n in range(self._count)]
        self._threads = [self._pool.submit(self._visit_for_ever, chance) for chance in chances]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Returns when the guests on their way have come to its end."""
        self._leaving.set()
        for thread in self._threads:
            thread.result()
        self._pool.shutdown()

    def wait_for_answers(self, count: int) -> None:
        """Returns when so many more requests have been answered well."""
        wanted = self.answered + count
        wait_until(lambda: self.answered >= wanted or all(thread.done() for thread in self._threads))
        assert self.answered >= wanted, "the guests have gone"

    def _visit_for_ever(self, chance: random.Random) -> None:
        client = Client(self._server)
        try:
            while not self._leaving.is_set():
                journey = Journey(str(uuid.uuid4()), self._request(chance), _wish(chance))
                self.journeys.append(journey)
                self._visit(client, journey)
        except Unanswered:
            return
        finally:
            client.close()

    def _request(self, chance: random.Random) -> dict[str, object]:
        wanted = chance.sample(self._ticket_types, chance.choice((1, 1, min(2, len(self._ticket_types)))))
        return {"lines": [{"ticket_type_id": each, "quantity": chance.randint(1, 3)} for each in wanted]}

    def _payment(self, journey: Journey) -> dict[str, object]:
        return {"token": "tok"}

    def _visit(self, client: Client, journey: Journey) -> None:
        try:
            self._ask(client, journey, "POST", "/reservations", journey.request)
            path = f"/reservations/{journey.acknowledged['id']}"
            match journey.wish:
                case Wish.HOLD:
                    pass
                case Wish.PAY:
                    payment = self._payment(journey)
                    self._ask(client, journey, "POST", f"{path}/payment", payment)
                    while journey.acknowledged["status"] != "paid":
                        time.sleep(RETRY_SECONDS)
                        self._ask(client, journey, "POST", f"{path}/payment", payment)
                case Wish.RELEASE:
                    self._ask(client, journey, "DELETE", path)
                case _:
                    assert_never(journey.wish)
        except _Turned:
            return

    def _ask(
        self, client: Client, journey: Journey, method: str, path: str, body: dict[str, object] | None = None
    ) -> None:
        """Returns with a good answer written down; or when a payment surely wasn't charged."""
        answer = self._answer(client, journey, method, path, body)
        if answer.status in (200, 201, 202):
            journey.acknowledged = answer.body
            with self._counting:
                self.answered += 1
        elif answer.code != "payment_error":
            journey.refused = True
            if answer.code not in self.noes:
                self.surprises.append((journey, answer))
            raise _Turned

    def _answer(
        self, client: Client, journey: Journey, method: str, path: str, body: dict[str, object] | None
    ) -> Answer:
        deadline = time.monotonic() + self._patience_seconds
        while True:
            asked_at = time.monotonic()
            try:
                answer = client.ask(method, path, body, key=journey.key if path == "/reservations" else None)
            except Unanswered:
                self.unanswered += 1
                if not self._patient:
                    journey.unanswered = True
                    raise
            else:
                self._note(journey, answer, client.retry_after, time.monotonic() - asked_at)
                if answer.status != 503 or not self._patient:
                    return answer
            assert time.monotonic() < deadline, f"{method} {path}: no answer in time"
            time.sleep(RETRY_SECONDS)

    def _note(self, journey: Journey, answer: Answer, retry_after: str | None, seconds: float) -> None:
        with self._counting:
            self.longest_seconds = max(self.longest_seconds, seconds)
            self.put_off += answer.status == 503
            self.pending += answer.status == 202
        if answer.status == 503 and not retry_after:
            self.surprises.append((journey, answer))


def sell(server: Server, ticket_type: int, count: int) -> list[Journey]:
    """The journeys of so many guests who have reserved and paid for one ticket each."""

    def sell_some(client: Client) -> list[Journey]:
        return [_sell_one(client, ticket_type) for _ in range(count // SELLERS)]

    return list(chain.from_iterable(at_once(server, [sell_some] * SELLERS)))


def _sell_one(client: Client, ticket_type: int) -> Journey:
    journey = Journey(str(uuid.uuid4()), reservation_of(ticket_type, 1), Wish.PAY)
    reserved = client.ask("POST", "/reservations", journey.request, key=journey.key)
    paid = client.pay(reserved.body["id"])
    assert paid.status == 200, paid
    journey.acknowledged = paid.body
    return journey


def _wish(chance: random.Random) -> Wish:
    return chance.choice((Wish.HOLD, Wish.HOLD, Wish.PAY, Wish.PAY, Wish.RELEASE))
