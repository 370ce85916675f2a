"""A demo to click through: restaurants with coupons, promoters with events, and their one owner."""

import ipaddress
import secrets
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from ticketd.core.catalogue import TicketType
from ticketd.core.ids import SECOND, EventId, Instant, InventoryId, OwnerId, TicketTypeId
from ticketd.core.money import format_cents
from ticketd.core.refusals import Refusal
from ticketd.demo.programme import PROGRAMME, Evening, Seller
from ticketd.ports import Clock, StartupRefused
from ticketd.services.access_codes import AccessCodeDesk
from ticketd.services.accounts import Accounts, Owner
from ticketd.services.capacities import Capacities
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventDraft, TicketTypeDraft, VenueDraft
from ticketd.services.events import Events
from ticketd.services.organizers import Organizers
from ticketd.services.ticket_types import TicketTypes
from ticketd.services.venues import Venues

EMAIL = "demo@ticketd.example"
PASSWORD_BYTES = 9
TIMEZONE = "Europe/Vienna"
_Granted = TypeVar("_Granted")


class House(Protocol):
    """The services that the demo is made with."""

    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def organizers(self) -> Organizers: ...
    @property
    def events(self) -> Events: ...
    @property
    def ticket_types(self) -> TicketTypes: ...
    @property
    def venues(self) -> Venues: ...
    @property
    def capacities(self) -> Capacities: ...
    @property
    def access_codes(self) -> AccessCodeDesk: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def clock(self) -> Clock: ...


def refuse_exposed_demo(host: str) -> None:
    """StartupRefused unless only this machine can reach the host: the demo's login is printed."""
    if host == "localhost":
        return
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise StartupRefused(f"The demo is for this machine alone: use --host 127.0.0.1 in place of {host}.")


async def install_demo(house: House, *, host: str, port: int) -> str:
    """Fill a database without organizers; returns what the person who started it should read."""
    password = None
    if not house.catalogue.organizers():
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        owner = await _owner(house.accounts, password)
        for seller in PROGRAMME:
            await _Installation(house, owner.id, seller).run()
    return _welcome(house.catalogue, password, f"http://{f'[{host}]' if ':' in host else host}:{port}")


def _welcome(catalogue: Catalogue, password: str | None, base_url: str) -> str:
    sales = [line for seller in PROGRAMME for line in _sales(seller, catalogue, base_url)]
    if not sales:
        return "The database has organizers of its own: the demo isn't in it."
    known = f"with the password of the first start (a new one: {_command()} owner password {EMAIL})"
    login = f"password {password}" if password else known
    lines = [f"Guests: {base_url}/", *sales, f"Owner: {base_url}/login", f"  {EMAIL}, {login}"]
    return "\n".join(lines)


def _command() -> str:
    """How to start this program again."""
    started_as = sys.argv[0]
    return "python -m ticketd" if Path(started_as).name == "__main__.py" else started_as


async def _owner(accounts: Accounts, password: str) -> Owner:
    added = await accounts.add(EMAIL, "Demo", password)
    if isinstance(added, Owner):
        return added
    # The run that added them ended before it made an organizer.
    return _granted(await accounts.set_password(EMAIL, password))


class _Installation:
    """Makes one organizer and all that it sells."""

    def __init__(self, house: House, owner_id: OwnerId, seller: Seller) -> None:
        self._house = house
        self._owner_id = owner_id
        self._seller = seller

    async def run(self) -> None:
        """Make the organizer, its coupons and its evenings."""
        organizers, seller = self._house.organizers, self._seller
        _granted(await organizers.create(self._owner_id, name=seller.name, slug=seller.slug))
        for terms in seller.coupons:
            await self._open(TicketTypeDraft(terms))
        for evening in seller.evenings:
            await self._install(evening)

    async def _install(self, evening: Evening) -> None:
        event_id, section_names = await self._event(evening)
        capacity_id = await self._shared_capacity(evening)
        for sale in evening.sales:
            draft = TicketTypeDraft(
                sale.terms,
                event_id,
                capacity_id=capacity_id if sale.shares else None,
                sections=tuple(name for name in section_names if sale.covers(name)),
            )
            ticket_type_id = await self._open(draft)
            if sale.access_code:
                codes = self._house.access_codes
                _granted(await codes.set(self._owner_id, ticket_type_id, code=sale.access_code))

    async def _event(self, evening: Evening) -> tuple[EventId, Sequence[str]]:
        """The event, and the names of its house's sections."""
        venue_id, seat_map = None, None
        if evening.house is not None:
            seat_map = evening.house.seat_map()
            draft = VenueDraft(evening.house.name, TIMEZONE, evening.house.address)
            made = await self._house.venues.create(self._owner_id, self._seller.slug, draft, seat_map)
            venue_id = _granted(made).id
        now = self._house.clock.now()
        draft_event = EventDraft(
            evening.name,
            _evening(now, evening.weeks_ahead, month=evening.month),
            TIMEZONE,
            evening.description,
            on_sale_at=_opening(now, evening.opens_in_minutes),
            venue_id=venue_id,
            waiting_room=evening.waiting_room,
        )
        event = await self._house.events.create(self._owner_id, self._seller.slug, draft_event)
        sections = () if seat_map is None else seat_map.sections
        return _granted(event).id, [section.name for section in sections]

    async def _shared_capacity(self, evening: Evening) -> InventoryId | None:
        if evening.shared_capacity is None:
            return None
        offer = await self._house.capacities.create(
            self._owner_id, self._seller.slug, name=evening.name, capacity=evening.shared_capacity
        )
        return _granted(offer).inventory_id

    async def _open(self, draft: TicketTypeDraft) -> TicketTypeId:
        offer = await self._house.ticket_types.create(self._owner_id, self._seller.slug, draft)
        return _granted(offer).ticket_type_id


def _granted(result: _Granted | Refusal) -> _Granted:
    if isinstance(result, Refusal):
        raise RuntimeError(f"the demo was refused: {result}")
    return result


def _evening(now: Instant, weeks_ahead: int, *, month: int | None) -> Instant:
    """Half past seven in the evening, some weeks ahead; with a month as many more as it takes to be in it."""
    day = datetime.fromtimestamp(now // SECOND, ZoneInfo(TIMEZONE)) + timedelta(weeks=weeks_ahead)
    while month not in (None, day.month):
        day += timedelta(weeks=1)
    evening = day.replace(hour=19, minute=30, second=0)
    return Instant(int(evening.timestamp()) * SECOND)


def _opening(now: Instant, in_minutes: int | None) -> Instant | None:
    """When the sale of an event opens; None: at once."""
    return None if in_minutes is None else Instant(now + in_minutes * 60 * SECOND)


def _sales(seller: Seller, catalogue: Catalogue, base_url: str) -> Iterator[str]:
    organizer = catalogue.organizer(seller.slug)
    if organizer is None:
        return
    yield f"  {organizer.name}"
    evenings = {evening.name for evening in seller.evenings}
    for event in catalogue.events_of_organizer(organizer.id):
        if event.name in evenings:
            yield f"    {event.name}: {base_url}/events/{event.id}"
            yield from _purchases(seller, catalogue.ticket_types_of_event(event.id), base_url)
    listed = catalogue.ticket_types_of_organizer(organizer.id)
    yield from _purchases(seller, [each for each in listed if each.profile.event_id is None], base_url)


def _purchases(seller: Seller, ticket_types: Iterable[TicketType], base_url: str) -> Iterator[str]:
    """Where they are bought; what was added to the demo since is left out."""
    codes = {sale.terms.name: sale.access_code for evening in seller.evenings for sale in evening.sales}
    own = {*codes, *(terms.name for terms in seller.coupons)}
    for ticket_type in ticket_types:
        if ticket_type.terms.name not in own:
            continue
        name, cents = ticket_type.terms.name, ticket_type.terms.price_cents
        price = format_cents(cents) if cents else "free"
        code = f", access code {codes[name]}" if ticket_type.hidden and name in codes else ""
        url = f"{base_url}/{seller.slug}/purchase/{ticket_type.profile.code}"
        yield f"    {name}, {price}{code}: {url}"
