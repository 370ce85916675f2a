"""Money is a whole number of cents and a currency; never a float."""

import re
from typing import Final

EUR: Final = "EUR"
PRICE_CENTS_MAX: Final = 10_000_000

_PRICE = re.compile(r"(?P<units>[0-9]{1,7})(?:[.,](?P<cents>[0-9]{1,2}))?")


def parse_price(text: str) -> int:
    """Cents from what a person types ("12", "12.5", "12,50"); ValueError for anything else."""
    match = _PRICE.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a price")
    return int(match["units"]) * 100 + int((match["cents"] or "0").ljust(2, "0"))


def format_cents(cents: int) -> str:
    """Cents as a person reads them: 1250 is "€12.50"."""
    sign = "-" if cents < 0 else ""
    units, rest = divmod(abs(cents), 100)
    return f"{sign}€{units:,}.{rest:02d}"
