"""Maps and lists of seats as HTML: rendered once for each part of a hall, and then only filled in.

A template takes 20 ms for some hundred seats, in which the same process could sell as many; the statuses
alone take some microseconds.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final

import jinja2

from ticketd.core.hall import Hall
from ticketd.core.seat_status import BLOCKED, SEAT_STATUSES, SeatStatus
from ticketd.core.seat_views import SeatView
from ticketd.web.pages.seat_plans import Part, plan_of
from ticketd.web.pages.seat_wishes import SEAT_FIELD

_PARTS_KEPT = 128
_TEMPLATE = "seat_map_parts.html"
_GAP = "<?>"
"""What a template writes where a status goes; nothing that is escaped can look like it."""

_ON_MAP: Final = tuple(f'data-status="{status}"' for status in SEAT_STATUSES)
_CHOSEN_ON_MAP: Final = f'data-status="{SeatStatus.FREE}" data-chosen'
_IN_LIST: Final = tuple("" if status is SeatStatus.FREE else " disabled" for status in SEAT_STATUSES)
_CHOSEN_IN_LIST: Final = " checked"


def seat_map(environment: jinja2.Environment, part: Part, view: SeatView, chosen: Collection[int]) -> str:
    """The part drawn seat by seat."""
    return _filled(_pieces(environment, "map", view.hall, part), part, view, _ON_MAP, chosen, _CHOSEN_ON_MAP)


def seat_list(environment: jinja2.Environment, part: Part, view: SeatView, chosen: Collection[int]) -> str:
    """The part as checkboxes, row by row."""
    pieces = _pieces(environment, "list", view.hall, part)
    return _filled(pieces, part, view, _IN_LIST, chosen, _CHOSEN_IN_LIST)


@lru_cache(2 * _PARTS_KEPT)
def _pieces(environment: jinja2.Environment, macro: str, hall: Hall, part: Part) -> Sequence[str]:
    render = getattr(environment.get_template(_TEMPLATE).module, macro)
    return str(render(plan_of(hall, part), part, SEAT_FIELD)).split(_GAP)


def _filled(
    pieces: Sequence[str],
    part: Part,
    view: SeatView,
    words: Sequence[str],
    chosen: Collection[int],
    chosen_word: str,
) -> str:
    statuses = enumerate(view.statuses[part.first : part.end], start=part.first)
    filling = [
        chosen_word if index in chosen else words[status] for index, status in statuses if status != BLOCKED
    ]
    return "".join((*chain.from_iterable(zip(pieces, filling, strict=False)), pieces[-1]))
