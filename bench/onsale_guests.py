"""The guests of an on-sale: each queues, waits for their turn, chooses, and pays or walks away."""

import random
from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from bench.client import Answer, request
from bench.devices import Devices
from bench.event_sale import EventSale, reservation_of
from bench.onsale_fairness import Look
from bench.switchboard import HUNG_UP, Switchboard
from ticketd.core.refusals import Challenge

JOIN, LOOK, RESERVE, PAY = "join", "look", "reserve", "pay"
KINDS: Final = (JOIN, LOOK, RESERVE, PAY)

THINKING_SECONDS: Final = (0.5, 3.0)
"""Before choosing, and again before paying."""
QUANTITIES: Final = {1: 3, 2: 5, 3: 1, 4: 1}
"""How many tickets, and how often that is wanted: 2 on average."""
QUANTITY_MAX: Final = max(QUANTITIES)
ABANDON_SHARE: Final = 0.1
"""Walk away from what they hold."""
AGAIN_SECONDS: Final = (3.0, 6.0)
"""Who found everything sold out, in a shop without a queue, looks in again after so long."""
RETRY_SECONDS: Final = 2.0
"""If an answer doesn't say when to come back."""
NOBODY: Final[Mapping[str, str]] = {}

PAYMENT: Final = msgspec.json.encode({"token": "tok_visa"})


class Place(msgspec.Struct):
    """What a guest is told about their place."""

    token: str
    number: int
    status: str
    in_baskets: int | None


class Ticket(msgspec.Struct):
    """One admission."""

    code: str


class Held(msgspec.Struct):
    """A reservation."""

    id: str
    tickets: list[Ticket]


class Refused(msgspec.Struct):
    """A problem, as far as guests read it."""

    code: str
    available: int = 0
    challenge: Challenge | None = None


class Admission(NamedTuple):
    """A guest was let in."""

    at: float
    came_at: float


decode_place = msgspec.json.Decoder(Place).decode
decode_held = msgspec.json.Decoder(Held).decode
decode_refused = msgspec.json.Decoder(Refused).decode


class Diary:
    """What became of all guests."""

    def __init__(self) -> None:
        self.joined = 0
        self.admitted: list[Admission] = []
        self.reserved = 0
        self.tickets_held = 0
        self.abandoned = 0
        self.paid = 0
        self.codes: list[str] = []
        """Of all tickets that were handed out."""
        self.looks: list[Look] = []
        self.left: Counter[str] = Counter()
        """How guests' visits ended."""
        self.proving_seconds: list[float] = []
        """Of each guest who had to compute."""
        self.held_up: Counter[str] = Counter()
        """Guests whom a defence sent away, for a while or for good, by the problem's code."""


class Guest:
    """One of them; `headers` go with each request, `devices` compute if that is asked for."""

    def __init__(
        self,
        sale: EventSale,
        board: Switchboard,
        diary: Diary,
        chance: random.Random,
        *,
        opens_at: float,
        headers: Mapping[str, str] = NOBODY,
        devices: Devices | None = None,
    ) -> None:
        self._sale = sale
        self._board = board
        self._diary = diary
        self._chance = chance
        self._opens_at = opens_at
        self._headers = headers
        self._devices = devices
        self._held_up: set[str] = set()

    async def visit(self, comes_at: float) -> None:
        """The guest's evening."""
        await self._board.sleep_until(comes_at)
        place = await self._queue(comes_at)
        if place is not None and place.status != "admitted":
            self._diary.left["too late"] += 1
            return
        if place is not None:
            self._diary.admitted.append(Admission(self._board.now(), comes_at))
        await self._think()
        held = await self._reserve(place)
        if held is None:
            self._diary.left["nothing left"] += 1
            return
        self._diary.reserved += 1
        await self._think()
        if self._chance.random() < ABANDON_SHARE:
            self._diary.abandoned += 1
            self._diary.left["walked away"] += 1
            return
        await self._pay(held)

    async def _queue(self, comes_at: float) -> Place | None:
        """The guest's place, once they needn't wait any longer; None if there is no waiting room."""
        joined = await self._join(comes_at)
        if joined is None:
            return None
        self._diary.joined += 1
        place, due = joined
        sent = self._look(place)
        while place.status == "waiting":
            await self._board.sleep_until(due)
            answer, asked_at = await self._board.ask(LOOK, sent, due=due), due
            due = self._board.now() + (answer.retry_after or RETRY_SECONDS)
            if answer.status == 200:
                place = decode_place(answer.body)
                self._note(place, asked_at)
        return place

    async def _join(self, due: float) -> tuple[Place, float] | None:
        """A new place, and when to look at it."""
        body = b""
        while True:
            sent = request("POST", self._sale.queue_url, body, self._headers)
            answer = await self._board.ask(JOIN, sent, due=due)
            due = self._board.now() + (answer.retry_after or RETRY_SECONDS)
            if answer.status in (200, 201):
                return decode_place(answer.body), due
            if answer.status == 404:
                return None
            challenge = None if answer.status != 403 else decode_refused(answer.body).challenge
            if challenge is not None and self._devices is not None:
                body = await self._prove(challenge, self._devices)
                due = self._board.now()
            else:
                self._is_held_up(answer)
                await self._board.sleep_until(due)

    async def _prove(self, challenge: Challenge, devices: Devices) -> bytes:
        began = self._board.now()
        body = await devices.solution_to(challenge)
        self._diary.proving_seconds.append(self._board.now() - began)
        return body

    def _is_held_up(self, answer: Answer) -> None:
        code = str(HUNG_UP) if answer.status == HUNG_UP else decode_refused(answer.body).code
        if code not in self._held_up:
            self._held_up.add(code)
            self._diary.held_up[code] += 1

    def _note(self, place: Place, asked_at: float) -> None:
        if place.status in ("waiting", "admitted"):
            is_admitted = place.status == "admitted"
            self._diary.looks.append(Look(asked_at, self._board.now(), place.number, is_admitted))

    def _look(self, place: Place) -> bytes:
        return request("GET", f"{self._sale.api}/queue", headers=self._shown(place))

    def _shown(self, place: Place | None) -> Mapping[str, str]:
        return self._headers if place is None else {**self._headers, "Queue-Token": place.token}

    async def _reserve(self, place: Place | None) -> Held | None:
        """What the guest holds in the end, if there is anything left for them."""
        (wanted,) = self._chance.choices(list(QUANTITIES), list(QUANTITIES.values()))
        headers = self._shown(place)
        while True:
            answer = await self._board.ask(RESERVE, reservation_of(self._sale, wanted, headers))
            if answer.status == 201:
                self._diary.tickets_held += wanted
                return decode_held(answer.body)
            if answer.retry_after is not None or answer.status == HUNG_UP:
                self._is_held_up(answer)
                await self._board.sleep_until(self._board.now() + (answer.retry_after or RETRY_SECONDS))
                continue
            left = None if answer.status != 409 else decode_refused(answer.body)
            match left:
                case Refused(code="not_on_sale"):
                    await self._board.sleep_until(self._opens_at)
                    await self._think()
                case Refused(code="sold_out", available=0):
                    if not await self._something_comes_back(place):
                        return None
                case Refused(code="sold_out", available=available):
                    wanted = min(wanted, available)
                case _:
                    self._is_held_up(answer)
                    return None

    async def _something_comes_back(self, place: Place | None) -> bool:
        """Wait while all there is lies in others' baskets."""
        if place is None:
            await self._board.sleep_until(self._board.now() + self._chance.uniform(*AGAIN_SECONDS))
            return True
        after: float = RETRY_SECONDS
        while place.status == "admitted":
            await self._board.sleep_until(self._board.now() + after)
            answer = await self._board.ask(LOOK, self._look(place))
            after = answer.retry_after or RETRY_SECONDS
            if answer.status == 200:
                place = decode_place(answer.body)
                if place.in_baskets is None:
                    return place.status == "admitted"
        return False

    async def _pay(self, held: Held) -> None:
        sent = request("POST", f"{self._sale.server.url}/{held.id}/payment", PAYMENT, self._headers)
        answer = await self._board.ask(PAY, sent)
        while answer.status == 202 or answer.retry_after is not None or answer.status == HUNG_UP:
            await self._board.sleep_until(self._board.now() + (answer.retry_after or RETRY_SECONDS))
            answer = await self._board.ask(PAY, sent)
        if answer.status != 200:
            self._diary.left["not paid"] += 1
            return
        self._diary.paid += 1
        self._diary.left["paid"] += 1
        self._diary.codes += [ticket.code for ticket in decode_held(answer.body).tickets]

    async def _think(self) -> None:
        await self._board.sleep_until(self._board.now() + self._chance.uniform(*THINKING_SECONDS))


def headcount(left: Mapping[str, int]) -> str:
    """How the visits ended, in one line."""
    return ", ".join(f"{count} {how}" for how, count in sorted(left.items(), key=lambda item: -item[1]))
