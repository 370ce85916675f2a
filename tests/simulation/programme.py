"""What is on sale in one life: ticket types of every kind, and perhaps an event with a limit per guest."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from tests.fakes.clock import START
from tests.simulation.postgres import Row
from ticketd.core import commands as c
from ticketd.core.facts import OWN
from ticketd.core.hall import Hall
from ticketd.core.ids import SECOND, EventId, Instant, InventoryId, OrganizerId, SeatMapId, TicketTypeId
from ticketd.core.seat_maps import Row as SeatRow
from ticketd.core.seat_maps import Seat, SeatMap, Section
from ticketd.core.terms import UNLIMITED, Kind, Profile, Terms
from ticketd.services.door import Visitor
from ticketd.services.sales import LineRequest

PLAIN_MAX: Final = 3
SEATED, POOL, REGULAR, STUDENT, DOOR = TicketTypeId(4), InventoryId(5), TicketTypeId(6), TicketTypeId(7), 8
"""A ticket type sold by the seat; a shared capacity and its two; and who counts what each guest has."""
SHELVES: Final = (REGULAR, STUDENT)
NETWORKS: Final = ("198.51.100.7", "203.0.113.9")
CODES: Final = ("open sesame", "swordfish")
EVENT: Final = EventId(1)
STAGE: Final = Hall.of(
    SeatMap(
        (
            Section(
                "Stalls",
                tuple(
                    SeatRow(row, tuple(Seat(str(x), x, y) for x in range(1, 5))) for y, row in enumerate("AB")
                ),
            ),
        )
    )
)
_DAY: Final = 86_400 * SECOND


def inventory_for(ticket_type_id: TicketTypeId) -> InventoryId:
    """What it draws on."""
    return POOL if ticket_type_id in SHELVES else InventoryId(ticket_type_id)


def shelf_of(ticket_type_id: TicketTypeId) -> TicketTypeId:
    """How its inventory's commands name it."""
    return ticket_type_id if ticket_type_id in SHELVES else OWN


def count_of(line: LineRequest) -> int:
    """How many tickets a guest asks for with it."""
    return line.quantity or line.best_available or len(line.seats)


def by_inventory(lines: Sequence[LineRequest]) -> dict[InventoryId, list[LineRequest]]:
    """What a guest wants of each."""
    wanted: dict[InventoryId, list[LineRequest]] = {}
    for line in lines:
        wanted.setdefault(inventory_for(line.ticket_type_id), []).append(line)
    return wanted


class Programme:
    """Drawn at the beginning of a life."""

    def __init__(self, random: Random, *, limits_allowed: bool) -> None:
        """`limits_allowed`: whether guests may be counted."""
        self._random = random
        self.capacity_max = random.choice((5, 20, 60))
        self.ticket_types = [TicketTypeId(each) for each in range(1, random.randint(1, PLAIN_MAX) + 1)]
        self.is_seated = random.random() < 0.3
        if self.is_seated:
            self.ticket_types.append(SEATED)
        self.is_shared = random.random() < 0.3
        if self.is_shared:
            self.ticket_types += SHELVES
        self.hidden = random.choice(self.ticket_types) if random.random() < 0.3 else None
        """What is sold with a code, at first."""
        self.max_per_guest = random.choice((1, 2, 4)) if limits_allowed and random.random() < 0.35 else None
        self._has_door = random.random() < 0.4
        """Whether guests come with admissions."""
        self._counts_habits = random.random() < 0.4
        self._admissions = 0

    def openings(self) -> Iterator[tuple[InventoryId, c.AnyCommand]]:
        """What to ask of whom before anybody comes."""
        if self.is_shared:
            profile, capacity = self._profile(POOL, Kind.CAPACITY), self._random.randint(2, 12)
            yield POOL, c.Open(profile, Terms("Floor", capacity), None)
        for ticket_type_id in self.ticket_types:
            yield inventory_for(ticket_type_id), self._opening(ticket_type_id)
        if self.max_per_guest is not None:
            terms = Terms("Guests", UNLIMITED, max_per_reservation=self.max_per_guest)
            yield InventoryId(DOOR), c.Open(self._profile(DOOR, Kind.GUESTS), terms, None)
        if self.hidden is not None:
            yield inventory_for(self.hidden), self.new_code(self.hidden)

    def new_code(self, ticket_type_id: TicketTypeId) -> c.SetAccessCode:
        """A code that opens some of it."""
        capacity = self._random.choice((None, 1, 2, 3))
        return c.SetAccessCode(self._random.choice(CODES), capacity, ticket_type_id=shelf_of(ticket_type_id))

    def events(self) -> list[Row]:
        """The event that all of it is for, if guests are counted."""
        if self.max_per_guest is None:
            return []
        columns = {"id": EVENT, "organizer_id": 1, "name": "Gala", "description": "", "timezone": "UTC"}
        columns |= {"starts_at": START + 30 * _DAY, "on_sale_at": None, "off_sale_at": None}
        columns |= {"status": "published", "venue_id": None, "waiting_room": "off", "defences": "{}"}
        return [Row(columns, max_per_guest=self.max_per_guest, guests_id=DOOR)]

    def _opening(self, ticket_type_id: TicketTypeId) -> c.Open:
        profile = self._profile(ticket_type_id, Kind.TICKETS)
        capacity = self._random.randint(2, self.capacity_max)
        if ticket_type_id in SHELVES:
            capacity = self._random.choice((UNLIMITED, 2, 4))
        terms = Terms(f"Type {ticket_type_id}", capacity, self._random.choice((0, 5_00, 7_00)))
        hall = STAGE.encode() if ticket_type_id == SEATED else b""
        return c.Open(profile, terms, None, shelf_of(ticket_type_id), hall)

    def _profile(self, number: int, kind: Kind) -> Profile:
        return Profile(
            OrganizerId(1),
            None if self.max_per_guest is None else EVENT,
            f"00000000-0000-4000-8000-{number:012d}",
            kind,
            POOL if number in SHELVES else None,
            SeatMapId(1) if number == SEATED else None,
        )

    # -- what guests ask for

    def line(self, ticket_type_id: TicketTypeId, quantity: int) -> LineRequest:
        """So many of one ticket type; by the seat, mostly the same few seats that all want."""
        if ticket_type_id != SEATED:
            return LineRequest(ticket_type_id, quantity)
        if self._random.random() < 0.4:
            return LineRequest(ticket_type_id, best_available=quantity, together=self._random.random() < 0.7)
        seats = self._random.sample(range(len(STAGE)), quantity)
        return LineRequest(ticket_type_id, seats=tuple(map(STAGE.seat_id, seats)))

    def code(self) -> str:
        """What guests know of the codes."""
        return self._random.choice((*CODES, *CODES, *CODES, "")) if self.hidden is not None else ""

    def visitor(self) -> Visitor:
        """Who comes: mostly with an admission of their own, from a few networks (`BelievingDoor`)."""
        admission, network = None, ""
        if self._has_door:
            if not self._admissions or self._random.random() < 0.6:
                self._admissions += 1
            number = self._random.choice((self._admissions, self._random.randint(1, self._admissions)))
            admission = self._random.choice((*[f"{EVENT}:{number}"] * 5, None))
        if self._counts_habits:
            network = self._random.choice((*NETWORKS, NETWORKS[0], ""))
        return Visitor(admission, network)


def moment(random: Random, now: Instant) -> Instant:
    """Soon, or just past."""
    return Instant(now + round(random.uniform(-2, 2) * SECOND))
