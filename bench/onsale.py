"""A whole on-sale minute against the real server: a crowd comes whatever the server does."""

from pathlib import Path
from typing import Final

import click
import uvloop

from bench.event_sale import UNDEFENDED, Terms, event_sale
from bench.onsale_arrivals import arrivals
from bench.onsale_guests import QUANTITY_MAX
from bench.onsale_minute import play
from bench.onsale_places import measure_places
from bench.onsale_plot import draw
from bench.onsale_report import show_minute
from bench.places import scratch

OPENS_AT: Final = 15.0
"""Seconds from the beginning of the minute."""
HOLD_SECONDS: Final = 20
"""So short that what guests walk away from comes back within the minute."""
WARMING_UP_SECONDS: Final = 3.0


def measure_onsale(*, guests: int, tickets: int, seconds: float, connections: int, svg: Path | None) -> None:
    """Play the minute, print what happened, and draw it if there is a file for that."""
    terms = Terms(
        tickets=tickets,
        max_per_reservation=QUANTITY_MAX,
        opens_after=OPENS_AT + WARMING_UP_SECONDS,
        waiting_room=True,
        defences=UNDEFENDED,
    )
    with scratch() as place, event_sale(place / "data", terms, {"hold_seconds": str(HOLD_SECONDS)}) as sale:
        comes_at = arrivals(guests, opens_at=OPENS_AT, seconds=seconds)
        minute = uvloop.run(play(sale, comes_at, opens_at=OPENS_AT, seconds=seconds, connections=connections))
        show_minute(sale, minute, tickets=tickets, opens_at=OPENS_AT, connections=connections)
    if svg is not None:
        svg.write_text(draw(minute.board.calls, minute.sights, opens_at=OPENS_AT), encoding="utf-8")
        click.echo(f"drawn into {svg}")


@click.command()
@click.option("--guests", default=20_000, show_default=True, help="who come within the minute")
@click.option("--tickets", default=5_000, show_default=True, help="that are on sale")
@click.option("--seconds", default=60.0, show_default=True, help="until the last guest comes")
@click.option("--connections", default=512, show_default=True, help="keep-alive, shared by all guests")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="draw the minute into this file")
@click.option("--places", default=0, help="in place of all that: so many in one waiting room, and their cost")
@click.option("--rounds", default=7, show_default=True, help="of what --places measures by HTTP")
def onsale(
    guests: int,
    tickets: int,
    seconds: float,
    connections: int,
    svg: Path | None,
    places: int,
    rounds: int,
) -> None:
    """The on-sale minute: half of the crowd waits for the opening, the others rush in after it."""
    if places:
        measure_places(places=places, rounds=rounds)
    else:
        measure_onsale(guests=guests, tickets=tickets, seconds=seconds, connections=connections, svg=svg)


if __name__ == "__main__":
    onsale()
