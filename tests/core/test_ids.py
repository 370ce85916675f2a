"""Reservation ids that route by themselves, and codes that people can read."""

import base64
import contextlib
import os
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketd.core.ids import (
    RANDOM_BYTES,
    TICKET_CODE_LENGTH,
    Instant,
    InventoryId,
    TicketTypeId,
    home_inventory,
    inventory_of,
    reservation_id,
    ticket_code,
)

NOW = Instant(1_800_000_000_000_000)


@given(home=st.integers(0, 2**32 - 1), now=st.integers(0, 2**60), random=st.binary(min_size=16, max_size=16))
def test_a_reservation_id_leads_to_its_home(home: int, now: int, random: bytes) -> None:
    made = reservation_id(home=InventoryId(home), now=Instant(now), random=random)
    assert home_inventory(made) == home
    assert made.isascii()
    assert "/" not in made, "it stands in a path"


def test_ids_of_one_home_are_ordered_by_their_second() -> None:
    earlier = reservation_id(home=InventoryId(3), now=NOW, random=b"\xff" * 16)
    later = reservation_id(home=InventoryId(3), now=Instant(NOW + 1_000_000), random=b"\x00" * 16)
    assert base64.urlsafe_b64decode(earlier) < base64.urlsafe_b64decode(later)


def test_what_nobody_can_guess_is_all_in_the_id() -> None:
    random = os.urandom(RANDOM_BYTES)
    made = reservation_id(home=InventoryId(1), now=NOW, random=random)
    assert made != reservation_id(home=InventoryId(1), now=NOW, random=random[:-1] + bytes([random[-1] ^ 1]))
    assert RANDOM_BYTES * 8 >= 128


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short",
        "A" * 31,
        "A" * 33,
        "A" * 31 + "=",
        "=" * 32,
        "A" * 31 + "+",
        "A" * 31 + "/",
        "A" * 31 + "é",
        "A" * 31 + "\x00",
        "A" * 31 + " ",
        "A" * 31 + "\n",
        "\ud800" * 32,
        "１" * 32,
    ],
)
def test_no_other_text_leads_anywhere(text: str) -> None:
    with pytest.raises(ValueError):
        home_inventory(text)


@given(st.text(max_size=40) | st.text(alphabet="Ab3-_+/= ", min_size=32, max_size=32))
def test_any_text_is_an_id_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert 0 <= home_inventory(text) < 2**32


def test_a_ticket_code_is_made_of_readable_characters_each_as_likely_as_any() -> None:
    letters = Counter(ticket_code(bytes(range(256))))
    assert letters == dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 8)


def test_a_ticket_code_has_128_random_bits() -> None:
    assert TICKET_CODE_LENGTH * 5 >= 128
    assert len(ticket_code(os.urandom(TICKET_CODE_LENGTH))) == TICKET_CODE_LENGTH


def test_a_ticket_type_draws_on_its_own_inventory() -> None:
    assert inventory_of(TicketTypeId(5)) == InventoryId(5)
