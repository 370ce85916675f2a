"""The demo: what it sells, who may log in, and where it doesn't go."""

import sys
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from tests.fakes.clock import ManualClock
from tests.fakes.router import InstantRouter
from ticketd import demo
from ticketd.core.catalogue import Event
from ticketd.core.ids import SECOND, Instant
from ticketd.core.terms import SaleStatus, Switch, Terms, sale_status
from ticketd.ports import StartupRefused
from ticketd.services.access import Access
from ticketd.services.access_codes import AccessCodeDesk
from ticketd.services.accounts import Accounts, Owner
from ticketd.services.capacities import Capacities
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import EventDraft, TicketTypeDraft
from ticketd.services.events import Events
from ticketd.services.offers import Offers
from ticketd.services.organizers import Organizers
from ticketd.services.owners import owner_services
from ticketd.services.ticket_types import TicketTypes
from ticketd.services.venues import Venues
from ticketd.storage.accounts import AccountStore
from ticketd.storage.catalogue import CatalogueStore
from ticketd.storage.database import Database
from ticketd.storage.orders import OrderStore
from ticketd.storage.venues import VenueStore

SLUGS = ("trattoria-aurora", "noodle-house-lotus", "riverside-concerts", "grand-stages")
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class House:
    """The services that the demo is made with, on a real database and without actors."""

    catalogue: Catalogue
    access: Access
    organizers: Organizers
    events: Events
    ticket_types: TicketTypes
    venues: Venues
    capacities: Capacities
    access_codes: AccessCodeDesk
    accounts: Accounts
    clock: ManualClock
    router: InstantRouter


@pytest.fixture
def house(pool: asyncpg.Pool, clock: ManualClock) -> House:
    database = Database(pool)
    store = CatalogueStore(database)
    catalogue = Catalogue(store)
    router = InstantRouter(clock, catalogue.follow)
    owners = owner_services(
        catalogue=catalogue,
        store=store,
        venues=VenueStore(database),
        orders=OrderStore(database),
        router=router,
        clock=clock,
    )
    return House(
        catalogue,
        owners.access,
        owners.organizers,
        owners.events,
        owners.ticket_types,
        owners.venues,
        owners.capacities,
        owners.access_codes,
        Accounts(AccountStore(database), clock=clock),
        clock,
        router,
    )


async def _install(house: House) -> str:
    return await demo.install_demo(house, host="127.0.0.1", port=8080)


def _password_in(text: str) -> str:
    return text.rpartition("password ")[2]


def _events(house: House) -> dict[str, Event]:
    return {event.name: event for event in house.catalogue.on_show(house.clock.now())}


async def test_an_empty_database_gets_restaurants_and_promoters(house: House) -> None:
    await _install(house)
    organizers = [house.catalogue.organizer(slug) for slug in SLUGS]
    sold = [house.catalogue.ticket_types_of_organizer(each.id) for each in organizers if each is not None]
    assert len(sold) == 4
    for coupons in sold[:2]:
        assert coupons
        assert all(each.profile.event_id is None for each in coupons)
    assert [each.terms.name for each in sold[2]] == ["Regular", "Premium", "VIP"]
    assert all(each.profile.event_id is not None for each in sold[3])


async def test_events_are_evenings_some_weeks_ahead(house: House) -> None:
    await _install(house)
    events = _events(house)
    assert all(event.timezone == "Europe/Vienna" for event in events.values())
    del events["Summer Night on the River"]
    for event in events.values():
        days_ahead = (event.starts_at - house.clock.now()) / SECOND / 86_400
        assert 41 < days_ahead < 64
        assert event.starts_at // SECOND % 86_400 == 18.5 * 3600, "half past seven in a winter's Vienna"


@pytest.mark.parametrize("days", range(0, 366, 30))
async def test_an_open_air_concert_is_in_summer_whenever_the_demo_is_made(house: House, days: int) -> None:
    house.clock.advance(days * 86_400)
    await _install(house)
    starts_at = _events(house)["Summer Night on the River"].starts_at
    assert starts_at - house.clock.now() > 40 * 86_400 * SECOND
    there = datetime.fromtimestamp(starts_at / SECOND, ZoneInfo("Europe/Vienna"))
    assert (there.month, there.hour, there.minute) == (7, 19, 30)


async def test_a_theatre_and_a_stadium_are_sold_by_the_seat(house: House) -> None:
    await _install(house)
    halls = {
        name: [
            (each.terms.name, each.terms.capacity) for each in house.catalogue.ticket_types_of_event(event.id)
        ]
        for name, event in _events(house).items()
        if house.catalogue.venue_of(event) is not None
    }
    assert halls == {
        "A Midsummer Night's Dream": [("Stalls", 210), ("Balcony", 82)],
        "Stadium Final": [("Lower tier", 15_000), ("Middle tier", 20_000), ("Upper tier", 25_000)],
    }


async def test_a_show_shares_its_room_and_has_something_for_members(house: House) -> None:
    await _install(house)
    event = _events(house)["Basement Beats"]
    regular, student, members = house.catalogue.ticket_types_of_event(event.id)
    assert regular.inventory_id == student.inventory_id != members.inventory_id
    assert [each.hidden for each in (regular, student, members)] == [False, False, True]


async def test_all_but_what_guests_wait_for_is_on_sale_at_once(house: House) -> None:
    await _install(house)
    awaited = _events(house)["The Reunion"]
    assert awaited.waiting_room is Switch.ON
    ticket_types = [
        ticket_type
        for organizer in house.catalogue.organizers()
        for ticket_type in house.catalogue.ticket_types_of_organizer(organizer.id)
    ]
    offers = (await Offers(house.router).of(ticket_types)).values()
    assert len(offers) == len(ticket_types)
    awaited_ids = {each.id for each in house.catalogue.ticket_types_of_event(awaited.id)}
    for offer in offers:
        status = sale_status(offer.terms, offer.window, free=offer.figures.free, now=house.clock.now())
        is_awaited = offer.ticket_type_id in awaited_ids
        assert status is (SaleStatus.NOT_YET if is_awaited else SaleStatus.ON_SALE)


async def test_it_says_where_everything_is_bought(house: House) -> None:
    text = await _install(house)
    for event in _events(house).values():
        assert f"http://127.0.0.1:8080/events/{event.id}\n" in text
    for slug in SLUGS:
        organizer = house.catalogue.organizer(slug)
        assert organizer is not None
        for ticket_type in house.catalogue.ticket_types_of_organizer(organizer.id):
            assert f"http://127.0.0.1:8080/{slug}/purchase/{ticket_type.profile.code}\n" in text
    assert "access code BACKSTAGE" in text


async def test_its_owner_logs_in_with_the_password_that_it_prints(house: House) -> None:
    text = await _install(house)
    owner = await house.accounts.login(demo.EMAIL, _password_in(text), address="127.0.0.1")
    assert isinstance(owner, Owner)
    assert {organizer.slug for organizer in await house.access.organizers_of(owner.id)} == set(SLUGS)


@pytest.mark.parametrize(
    ("started_as", "command"),
    [(".venv/bin/ticketd", ".venv/bin/ticketd"), ("/x/ticketd/__main__.py", "python -m ticketd")],
)
async def test_a_second_run_finds_the_same_and_tells_how_to_set_a_password(
    house: House, monkeypatch: pytest.MonkeyPatch, started_as: str, command: str
) -> None:
    monkeypatch.setattr(sys, "argv", [started_as, "serve"])
    first = await _install(house)
    commands = list(house.router.commands)
    second = await _install(house)
    assert house.router.commands == commands
    assert second.splitlines()[:-1] == first.splitlines()[:-1]
    assert f" {command} owner password {demo.EMAIL})" in second
    assert _password_in(first) not in second


async def test_what_was_added_to_the_demo_is_not_listed(house: House) -> None:
    first = await _install(house)
    owner = await house.accounts.login(demo.EMAIL, _password_in(first), address="127.0.0.1")
    assert isinstance(owner, Owner)
    draft = TicketTypeDraft(Terms("Late lunch", capacity=5))
    await house.ticket_types.create(owner.id, "trattoria-aurora", draft)
    gala = EventDraft("Gala", Instant(house.clock.now() + 86_400 * SECOND), "UTC")
    await house.events.create(owner.id, "riverside-concerts", gala)
    assert (await _install(house)).splitlines()[:-1] == first.splitlines()[:-1]


async def test_a_database_with_organizers_of_its_own_stays_as_it_is(house: House) -> None:
    owner = await house.accounts.add("ada@example.org", "Ada", PASSWORD)
    assert isinstance(owner, Owner)
    await house.organizers.create(owner.id, name="Ada's", slug="adas")
    text = await _install(house)
    assert "the demo isn't in it" in text
    assert house.router.commands == []


async def test_a_start_cut_short_before_the_first_organizer_is_made_good(house: House) -> None:
    await house.accounts.add(demo.EMAIL, "Demo", PASSWORD)
    text = await _install(house)
    owner = await house.accounts.login(demo.EMAIL, _password_in(text), address="127.0.0.1")
    assert isinstance(owner, Owner)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_it_may_be_shown_on_this_machine(host: str) -> None:
    demo.refuse_exposed_demo(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", "localhost.example.org", ""])
def test_it_is_refused_where_others_could_log_in(host: str) -> None:
    with pytest.raises(StartupRefused, match="this machine alone"):
        demo.refuse_exposed_demo(host)
