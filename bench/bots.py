"""People and twenty times as many bots at an on-sale: who gets the tickets, without defences and with."""

from collections.abc import Mapping, Sequence
from functools import partial

import click
import uvloop

from bench.bots_networks import DataCentre
from bench.bots_operators import Means
from bench.bots_outcome import Outcome, Sizes
from bench.bots_report import show_outcomes
from bench.bots_sale import Rival, play
from bench.bots_strategies import Replay, Rotate, hoard, snipe, spam
from bench.devices import SMALL_PROOFS
from bench.event_sale import Terms, event_sale
from bench.onsale_guests import QUANTITY_MAX
from bench.places import scratch
from bench.tuned import parse_constants, serving_tuned

OPENS_AT = 10.0
"""Seconds from when bots and the first people come."""
PREPARING_SECONDS = 3.0
HOLD_SECONDS = 20
DEFENCES = ("proof_of_work", "signed_forms", "address_limits", "hold_limits")
THE_PROXY = "127.0.0.1/32"


def rivals(*, are_patient: bool) -> Sequence[Rival]:
    """Five operators, each with a strategy, a data centre and cores for proofs of work."""

    def means(cores: int, *networks: str) -> Means:
        return Means(DataCentre(*networks), cores, are_patient)

    return (
        Rival("hoarder", hoard, means(8, "198.18.1.0/24")),
        Rival("sniper", snipe, means(8, "198.18.2.0/24")),
        Rival("token replayer", Replay(), means(8, "198.18.3.0/24")),
        Rival("address rotator", Rotate(), means(32, "198.18.4.0/24", "2001:db8:4::/48")),
        Rival("form spammer", spam, means(8, "2001:db8:5::/48")),
    )


def measure_bots(
    sizes: Sizes, *, constants: Mapping[str, float], are_patient: bool, defended_only: bool
) -> None:
    """Sell once without (unless that isn't wanted) and once with all defences, and print who got what."""
    ways = (True,) if defended_only else (False, True)
    show_outcomes(sizes, [_sell(sizes, constants, are_patient, is_defended=each) for each in ways])


def _sell(sizes: Sizes, constants: Mapping[str, float], are_patient: bool, *, is_defended: bool) -> Outcome:
    terms = Terms(
        tickets=sizes.tickets,
        max_per_reservation=QUANTITY_MAX,
        opens_after=OPENS_AT + PREPARING_SECONDS,
        waiting_room=is_defended,
        defences=dict.fromkeys(DEFENCES, is_defended),
    )
    settings = {
        "hold_seconds": f"{HOLD_SECONDS}",
        "rate_limit": "on" if is_defended else "off",
        "trusted_proxies": THE_PROXY,
    }
    command = partial(serving_tuned, constants={**SMALL_PROOFS, **constants})
    with scratch() as place, event_sale(place / "data", terms, settings, command) as sale:
        return uvloop.run(
            play(sale, sizes, rivals(are_patient=are_patient), opens_at=OPENS_AT, is_defended=is_defended)
        )


@click.command()
@click.option("--people", default=1_000, show_default=True, help="who want tickets, 2 each on average")
@click.option("--bots", default=20_000, show_default=True, help="of all strategies together")
@click.option("--tickets", default=800, show_default=True, help="that are on sale")
@click.option("--seconds", default=75.0, show_default=True, help="when it is over, if it isn't before")
@click.option("--patient", is_flag=True, help="bots that come back to the queue only when they were told to")
@click.option("--defended-only", is_flag=True, help="leave out the sale without defences")
@click.option(
    "--set",
    "constants",
    multiple=True,
    metavar="MODULE.CONSTANT=NUMBER",
    help="change one of ticketd's constants, as services.entrance.PLACES_PER_WIDER_NETWORK=10",
)
def bots(
    people: int,
    bots: int,
    tickets: int,
    seconds: float,
    patient: bool,
    defended_only: bool,
    constants: tuple[str, ...],
) -> None:
    """People against hoarders, snipers, token replayers, address rotators and form spammers."""
    measure_bots(
        Sizes(people, bots, tickets, seconds),
        constants=parse_constants(constants),
        are_patient=patient,
        defended_only=defended_only,
    )


if __name__ == "__main__":
    bots()
