"""Those who run bots: what each has, does with it, and gets."""

import random
from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from bench.bots_networks import DataCentre
from bench.client import request
from bench.devices import CORE_HASHES_PER_SECOND, Devices
from bench.event_sale import EventSale, reservation_of
from bench.onsale_guests import (
    JOIN,
    LOOK,
    PAY,
    PAYMENT,
    QUANTITY_MAX,
    RESERVE,
    RETRY_SECONDS,
    Held,
    Place,
    decode_held,
    decode_place,
    decode_refused,
)
from bench.switchboard import Switchboard

PAUSE_SECONDS: Final = (0.2, 1.0)
"""Before a bot tries again; it doesn't care when it was asked to come back."""


class Means(NamedTuple):
    """What an operator has."""

    data_centre: DataCentre
    cores: int
    """For proofs of work."""
    is_patient: bool
    """All its bots stay away from the queue for as long as one of them was told to."""


class Operator:
    """One strategy's: its bots share an account book, and cores."""

    def __init__(
        self, name: str, sale: EventSale, board: Switchboard, means: Means, *, opens_at: float
    ) -> None:
        self.name = name
        self.means = means
        self.sale = sale
        self.board = board
        self.opens_at = opens_at
        self.chance = random.Random(name)
        self.devices = Devices(cores=means.cores, hashes_per_second=CORE_HASHES_PER_SECOND)
        self.has_room = True
        """As far as anybody knows, the sale has a waiting room."""
        self._told_to_come_at = 0.0
        self.places = 0
        self.held = 0
        self.paid = 0
        """Tickets."""

    @property
    def tries(self) -> int:
        """Requests of all its bots."""
        return len(self.board.calls)

    def refused(self) -> Counter[str]:
        """Its refusals by the problem's code."""
        return Counter(call.code for call in self.board.calls if call.code)

    async def join(self, headers: Mapping[str, str]) -> Place | None:
        """A place, computed for if that is asked; None if there is none to be had from there."""
        if self.means.is_patient:
            await self.board.sleep_until(self._told_to_come_at)
        answer = await self.board.ask(JOIN, request("POST", self.sale.queue_url, b"", headers))
        challenge = decode_refused(answer.body).challenge if answer.status == 403 else None
        if challenge is not None:
            body = await self.devices.solution_to(challenge)
            solved = request("POST", self.sale.queue_url, body, headers)
            answer = await self.board.ask(JOIN, solved, is_urgent=True)
        self.has_room = answer.status != 404
        if answer.retry_after is not None:
            self._told_to_come_at = self.board.now() + answer.retry_after
        if answer.status != 201:
            return None
        self.places += 1
        return decode_place(answer.body)

    async def admission(self, place: Place, headers: Mapping[str, str]) -> bool:
        """Wait for its turn; whether it came."""
        sent = request("GET", f"{self.sale.api}/queue", headers=with_token(headers, place))
        while place.status == "waiting":
            answer = await self.board.ask(LOOK, sent, is_urgent=True)
            if answer.status == 200:
                place = decode_place(answer.body)
            if place.status == "waiting":
                await self.board.sleep_until(self.board.now() + (answer.retry_after or RETRY_SECONDS))
        return place.status == "admitted"

    async def reserve(self, headers: Mapping[str, str], *, is_urgent: bool = False) -> Held | None:
        """As many tickets as one may have at once, if there are any for it."""
        quantity = QUANTITY_MAX
        while True:
            wanted = reservation_of(self.sale, quantity, headers)
            answer = await self.board.ask(RESERVE, wanted, is_urgent=is_urgent)
            if answer.status == 201:
                self.held += quantity
                return decode_held(answer.body)
            refused = decode_refused(answer.body) if answer.status == 409 else None
            if refused is None or not 0 < refused.available < quantity:
                return None
            quantity = refused.available

    async def pay(self, held: Held, headers: Mapping[str, str]) -> None:
        """Buy, to sell it for more."""
        url = f"{self.sale.server.url}/{held.id}/payment"
        answer = await self.board.ask(PAY, request("POST", url, PAYMENT, headers), is_urgent=True)
        if answer.status == 200:
            self.paid += len(decode_held(answer.body).tickets)

    async def pause(self) -> None:
        """A bot's."""
        await self.board.sleep_until(self.board.now() + self.chance.uniform(*PAUSE_SECONDS))


def with_token(headers: Mapping[str, str], place: Place) -> Mapping[str, str]:
    """With the place shown."""
    return {**headers, "Queue-Token": place.token}
