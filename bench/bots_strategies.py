"""What bots do, each until the sale is over."""

import re
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum, auto
from itertools import count
from typing import Final
from urllib.parse import urlencode

from bench.bots_networks import forwarded, talk
from bench.bots_operators import Operator, with_token
from bench.client import request
from bench.onsale_guests import QUANTITY_MAX, Held, Place
from ticketd.services.signed_forms import FORM_FIELD, TRAP_FIELD

HASTE_SECONDS: Final = 2.0
"""Snipers begin so long before the opening."""
PLACES_TO_REPLAY: Final = 4

_SIGNATURE = re.compile(rb'name="form"[^>]*value="([^"]*)"')
_FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


class Haste(Enum):
    """How form spammers save time."""

    UNSEEN = auto()
    EVERY_FIELD = auto()
    AT_ONCE = auto()


Bot = Callable[[Operator, int], Awaitable[None]]


async def hoard(operator: Operator, number: int) -> None:
    """Hold as much as possible, let it run out, hold again: nobody else shall have it."""
    while True:
        headers = forwarded(operator.means.data_centre.address(number))
        shown = await _admitted(operator, headers)
        if shown is not None:
            await operator.reserve(shown, is_urgent=True)
        await operator.pause()


async def snipe(operator: Operator, number: int) -> None:
    """Ask for tickets from before the opening, without a place."""
    headers = forwarded(operator.means.data_centre.address(number))
    await operator.board.sleep_until(operator.opens_at - HASTE_SECONDS)
    while True:
        await _buy(operator, headers)
        await operator.pause()


class Replay:
    """Take few places, and use the admission of each over and over, from all machines."""

    def __init__(self) -> None:
        self._admitted: list[Place] = []

    async def __call__(self, operator: Operator, number: int) -> None:
        """One of the bots."""
        headers = forwarded(operator.means.data_centre.address(number))
        if number < PLACES_TO_REPLAY:
            await self._queue(operator, headers)
        while True:
            if not operator.has_room:
                await _buy(operator, headers)
            elif self._admitted:
                await _buy(operator, with_token(headers, operator.chance.choice(self._admitted)))
            await operator.pause()

    async def _queue(self, operator: Operator, headers: Mapping[str, str]) -> None:
        place = await operator.join(headers)
        if place is not None and await operator.admission(place, headers):
            self._admitted.append(place)


class Rotate:
    """Take place after place, each from another address, and buy with each."""

    def __init__(self) -> None:
        self._numbers = count()

    async def __call__(self, operator: Operator, _: int) -> None:
        """One of the bots."""
        while True:
            address = operator.means.data_centre.address(next(self._numbers))
            shown = await _admitted(operator, forwarded(address, talk(operator.chance)))
            if shown is not None:
                await _buy(operator, shown, is_urgent=True)
            await operator.pause()


async def spam(operator: Operator, number: int) -> None:
    """Send the purchase page's form: with the page unseen, with every field filled in, or too quickly."""
    url, haste = operator.sale.purchase_url, tuple(Haste)[number % len(Haste)]
    headers = forwarded(operator.means.data_centre.address(number))
    while True:
        form = {"quantity": f"{QUANTITY_MAX}"}
        if haste is Haste.EVERY_FIELD:
            form |= {TRAP_FIELD: "https://example.org", "name": "A Guest"}
        if haste is Haste.AT_ONCE:
            page = await operator.board.ask("page", request("GET", url, headers=headers))
            signature = _SIGNATURE.search(page.body)
            form[FORM_FIELD] = "" if signature is None else signature[1].decode()
        sent = request("POST", url, urlencode(form).encode(), {**headers, **_FORM_TYPE})
        answer = await operator.board.ask("form", sent)
        if answer.location is not None:
            operator.held += QUANTITY_MAX
            await operator.pay(Held(answer.location.rpartition("/")[2], []), headers)
        await operator.pause()


async def _admitted(operator: Operator, headers: Mapping[str, str]) -> Mapping[str, str] | None:
    """Headers to reserve with, an admission among them if there is a waiting room; None without one."""
    if not operator.has_room:
        return headers
    place = await operator.join(headers)
    if place is None:
        return None
    return with_token(headers, place) if await operator.admission(place, headers) else None


async def _buy(operator: Operator, headers: Mapping[str, str], *, is_urgent: bool = False) -> None:
    held = await operator.reserve(headers, is_urgent=is_urgent)
    if held is not None:
        await operator.pay(held, headers)
