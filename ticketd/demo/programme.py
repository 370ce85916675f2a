"""What the demo sells."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ticketd.core.seat_maps import SeatMap
from ticketd.core.terms import UNLIMITED, Switch, Terms
from ticketd.services.seat_maps.houses import stadium, theatre


class Sale(NamedTuple):
    """A ticket type."""

    terms: Terms
    sections: str = ""
    """It has the seats of all sections whose names begin like this; "" if it isn't sold by the seat."""
    shares: bool = False
    """It draws on its event's shared capacity."""
    access_code: str = ""

    def covers(self, section: str) -> bool:
        """Whether it has the seats of this section."""
        return bool(self.sections) and section.startswith(self.sections)


class House(NamedTuple):
    """A venue with a seat map."""

    name: str
    address: str
    seat_map: Callable[[], SeatMap]


class Evening(NamedTuple):
    """An event and what is sold for it."""

    name: str
    description: str
    weeks_ahead: int
    sales: Sequence[Sale]
    month: int | None = None
    """If it can't be in any other: the first such month then."""
    house: House | None = None
    shared_capacity: int | None = None
    waiting_room: Switch = Switch.AUTO
    opens_in_minutes: int | None = None
    """When its sale opens, counted from the demo's making; None: at once."""


class Seller(NamedTuple):
    """An organizer."""

    slug: str
    name: str
    coupons: Sequence[Terms] = ()
    evenings: Sequence[Evening] = ()


_THEATRE = House("Lindenhof Theatre", "Lindenhof 1, 1070 Wien", theatre)
_STADIUM = House("Donau Arena", "Stadionallee 10, 1020 Wien", stadium)

PROGRAMME = (
    Seller(
        "trattoria-aurora",
        "Trattoria Aurora",
        coupons=(
            Terms("Dinner for two", capacity=40, price_cents=89_00, max_per_reservation=4),
            Terms("Sunday brunch", capacity=60, price_cents=29_50, max_per_reservation=6),
            Terms("Welcome drink", capacity=100, max_per_reservation=2),
        ),
    ),
    Seller(
        "noodle-house-lotus",
        "Noodle House Lotus",
        coupons=(
            Terms("Tasting menu", capacity=30, price_cents=54_00, max_per_reservation=4),
            Terms("Lunch coupon", capacity=200, price_cents=12_50),
        ),
    ),
    Seller(
        "riverside-concerts",
        "Riverside Concerts",
        evenings=(
            Evening(
                "Summer Night on the River",
                "An open-air concert by the water. Doors open an hour before it begins.",
                weeks_ahead=6,
                month=7,
                sales=(
                    Sale(Terms("Regular", capacity=500, price_cents=45_00)),
                    Sale(Terms("Premium", capacity=120, price_cents=79_00, max_per_reservation=6)),
                    Sale(Terms("VIP", capacity=20, price_cents=149_00, max_per_reservation=2)),
                ),
            ),
        ),
    ),
    Seller(
        "grand-stages",
        "Grand Stages",
        evenings=(
            Evening(
                "A Midsummer Night's Dream",
                "A comedy in five acts, with one interval.",
                weeks_ahead=7,
                sales=(
                    Sale(Terms("Stalls", UNLIMITED, price_cents=45_00, position=1), sections="Stalls"),
                    Sale(Terms("Balcony", UNLIMITED, price_cents=28_00, position=2), sections="Balcony"),
                ),
                house=_THEATRE,
            ),
            Evening(
                "Basement Beats",
                "Standing only. Students bring their card.",
                weeks_ahead=8,
                sales=(
                    Sale(Terms("Regular", UNLIMITED, price_cents=30_00, position=1), shares=True),
                    Sale(Terms("Student", capacity=100, price_cents=18_00, position=2), shares=True),
                    Sale(
                        Terms("Members", capacity=50, price_cents=24_00, position=3), access_code="BACKSTAGE"
                    ),
                ),
                shared_capacity=500,
            ),
            Evening(
                "Stadium Final",
                "The last match of the season.",
                weeks_ahead=9,
                sales=(
                    Sale(Terms("Lower tier", UNLIMITED, price_cents=120_00, position=1), sections="1"),
                    Sale(Terms("Middle tier", UNLIMITED, price_cents=80_00, position=2), sections="2"),
                    Sale(Terms("Upper tier", UNLIMITED, price_cents=45_00, position=3), sections="3"),
                ),
                house=_STADIUM,
            ),
            Evening(
                "The Reunion",
                "They said they never would. Everybody wants to see it: join the queue.",
                weeks_ahead=8,
                sales=(
                    Sale(Terms("Standing", capacity=300, price_cents=65_00, max_per_reservation=4)),
                    Sale(Terms("Front of stage", capacity=40, price_cents=95_00, max_per_reservation=2)),
                ),
                waiting_room=Switch.ON,
                opens_in_minutes=10,
            ),
        ),
    ),
)
