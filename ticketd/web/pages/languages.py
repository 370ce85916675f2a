"""What the waiting page can say; `templates/languages` has it in each language that it speaks.

`{}` stands for a number, a time or a span of time.
"""

import msgspec


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of one, and of any other number."""

    one: str
    other: str


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is said in one language."""

    skip: str
    waiting_room: str
    about_event: str

    # who has no place
    no_place: str
    before_draw: str
    """With the instant at which the sale opens."""
    in_order: str
    joined: Counted
    waiting: Counted
    join: str
    one_press: str
    press_again: str
    prove_again: str
    crowded: str
    busy: str
    checking: str
    checked: str
    unable: str
    """With how many seconds to wait."""

    # who waits
    kept: str
    keep_open: str
    renews: str
    draw_comes: str
    opens_in: str
    next: str
    ahead: Counted
    wait_about: str
    wait_short: str
    wait_unknown: str
    paused: str
    paused_for_all: str
    in_baskets: Counted
    first_return: str
    no_connection: str

    # whose turn it is, or was
    your_turn: str
    time_left: str
    to_tickets: str
    turn_over: str
    turn_over_why: str
    used: str
    used_why: str
    sold_out: str
    sold_out_why: str
    no_queue: str
    no_queue_why: str

    # the draw
    check_draw: str
    check_how: str
    commitment: str
    seed: str
    seed_later: str
    drawn: str
    number: str
