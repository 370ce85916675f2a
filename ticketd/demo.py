"""A demo to click through: two restaurants with coupons, a promoter with an event, and their one owner."""

import ipaddress
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from ticketd.core.ids import MICROSECONDS, EventId, Instant, OwnerId
from ticketd.core.money import format_cents
from ticketd.core.refusals import Refusal
from ticketd.core.terms import Terms
from ticketd.ports import Clock, StartupRefused
from ticketd.services.accounts import Accounts, Owner
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventDraft, TicketTypeDraft
from ticketd.services.management import Management

EMAIL = "demo@ticketd.example"
PASSWORD_BYTES = 9
WEEKS_AHEAD = 6
TIMEZONE = "Europe/Vienna"
_Granted = TypeVar("_Granted")


class _Seller(NamedTuple):
    slug: str
    name: str
    ticket_types: Sequence[Terms]
    event: str = ""
    description: str = ""


_SELLERS = (
    _Seller(
        "trattoria-aurora",
        "Trattoria Aurora",
        (
            Terms("Dinner for two", capacity=40, price_cents=89_00, max_per_reservation=4),
            Terms("Sunday brunch", capacity=60, price_cents=29_50, max_per_reservation=6),
            Terms("Welcome drink", capacity=100, max_per_reservation=2),
        ),
    ),
    _Seller(
        "noodle-house-lotus",
        "Noodle House Lotus",
        (
            Terms("Tasting menu", capacity=30, price_cents=54_00, max_per_reservation=4),
            Terms("Lunch coupon", capacity=200, price_cents=12_50),
        ),
    ),
    _Seller(
        "riverside-concerts",
        "Riverside Concerts",
        (
            Terms("Regular", capacity=500, price_cents=45_00),
            Terms("Premium", capacity=120, price_cents=79_00, max_per_reservation=6),
            Terms("VIP", capacity=20, price_cents=149_00, max_per_reservation=2),
        ),
        event="Summer Night on the River",
        description="An open-air concert by the water. Doors open an hour before it begins.",
    ),
)


class House(Protocol):
    """The services that the demo is made with."""

    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def management(self) -> Management: ...
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
        for seller in _SELLERS:
            await _install(house.management, owner.id, seller, house.clock.now())
    return _welcome(house.catalogue, password, f"http://{f'[{host}]' if ':' in host else host}:{port}")


def _welcome(catalogue: Catalogue, password: str | None, base_url: str) -> str:
    sales = [line for seller in _SELLERS for line in _sales(seller, catalogue, base_url)]
    if not sales:
        return "The database has organizers of its own: the demo isn't in it."
    login = f"password {password}" if password else f"new password: ticketd owner password {EMAIL}"
    lines = [f"Guests: {base_url}/", *sales, f"Owner: {base_url}/login", f"  {EMAIL}, {login}"]
    return "\n".join(lines)


async def _owner(accounts: Accounts, password: str) -> Owner:
    added = await accounts.add(EMAIL, "Demo", password)
    if isinstance(added, Owner):
        return added
    # The run that added them ended before it made an organizer.
    return _granted(await accounts.set_password(EMAIL, password))


async def _install(management: Management, owner_id: OwnerId, seller: _Seller, now: Instant) -> None:
    _granted(await management.create_organizer(owner_id, name=seller.name, slug=seller.slug))
    event_id: EventId | None = None
    if seller.event:
        draft = EventDraft(seller.event, _evening(now), TIMEZONE, seller.description)
        event_id = _granted(await management.create_event(owner_id, seller.slug, draft)).id
    for terms in seller.ticket_types:
        draft_type = TicketTypeDraft(terms, event_id)
        _granted(await management.create_ticket_type(owner_id, seller.slug, draft_type))


def _granted(result: _Granted | Refusal) -> _Granted:
    if isinstance(result, Refusal):
        raise RuntimeError(f"the demo was refused: {result}")
    return result


def _evening(now: Instant) -> Instant:
    """Half past seven in the evening, some weeks ahead."""
    day = datetime.fromtimestamp(now // MICROSECONDS, UTC) + timedelta(weeks=WEEKS_AHEAD)
    evening = day.astimezone(ZoneInfo(TIMEZONE)).replace(hour=19, minute=30, second=0)
    return Instant(int(evening.timestamp()) * MICROSECONDS)


def _sales(seller: _Seller, catalogue: Catalogue, base_url: str) -> Iterator[str]:
    organizer = catalogue.organizer(seller.slug)
    if organizer is None:
        return
    yield f"  {organizer.name}"
    for event in catalogue.events_of_organizer(organizer.id):
        yield f"    {event.name}: {base_url}/events/{event.id}"
    for ticket_type in catalogue.ticket_types_of_organizer(organizer.id):
        price = format_cents(ticket_type.terms.price_cents) if ticket_type.terms.price_cents else "free"
        url = f"{base_url}/{organizer.slug}/purchase/{ticket_type.profile.code}"
        yield f"    {ticket_type.terms.name}, {price}: {url}"
