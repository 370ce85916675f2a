"""Prices as people type and read them; cents in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketd.core.money import PRICE_CENTS_MAX, format_cents, parse_price


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("0", 0),
        ("12", 1200),
        ("12.5", 1250),
        ("12,50", 1250),
        (" 0.05 ", 5),
        ("007", 700),
        ("100000", 10_000_000),
    ],
)
def test_a_price_is_read_as_it_is_typed(text: str, cents: int) -> None:
    assert parse_price(text) == cents


@pytest.mark.parametrize(
    "text",
    ["", " ", "-1", "+1", "1.", ".5", "1.234", "1,234.50", "1e3", "NaN", "inf", "€5", "5 €", "1 2", "٣",
     "0x10", "12345678", "1.5.0", "1_0", "1\x00"],
)  # fmt: skip
def test_whatever_else_is_typed_is_no_price(text: str) -> None:
    with pytest.raises(ValueError):
        parse_price(text)


@given(st.integers(0, PRICE_CENTS_MAX))
def test_every_price_can_be_typed_as_it_is_shown(cents: int) -> None:
    assert parse_price(format_cents(cents).removeprefix("€").replace(",", "")) == cents


@pytest.mark.parametrize(
    ("cents", "shown"),
    [(0, "€0.00"), (5, "€0.05"), (1250, "€12.50"), (1_234_567_89, "€1,234,567.89"), (-150, "-€1.50")],
)
def test_cents_are_shown_as_a_person_reads_them(cents: int, shown: str) -> None:
    assert format_cents(cents) == shown
