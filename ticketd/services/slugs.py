"""Slugs: the names of organizers in URLs."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import count

SLUG_LENGTH_MIN = 2
SLUG_LENGTH_MAX = 64

RESERVED_SLUGS = frozenset(
    {
        "admin",
        "api",
        "cart",
        "docs",
        "events",
        "favicon",
        "favicon-ico",
        "healthz",
        "help",
        "imprint",
        "login",
        "logout",
        "metrics",
        "new",
        "openapi",
        "orders",
        "organizers",
        "privacy",
        "purchase",
        "r",
        "readyz",
        "robots-txt",
        "search",
        "settings",
        "static",
        "statistics",
        "terms",
        "ticket-types",
        "tickets",
        "venues",
        "well-known",
    }
)
"""Words that stand, or may one day stand, where an organizer's slug does in a URL."""

_FALLBACK = "organizer"
_SLUG = re.compile(rf"[a-z0-9-]{{{SLUG_LENGTH_MIN},{SLUG_LENGTH_MAX}}}")
_NOT_IN_SLUGS = re.compile(r"[^a-z0-9]+")


def slug_error(slug: str) -> str | None:
    """What is wrong with a slug that somebody asked for."""
    if _SLUG.fullmatch(slug) is None:
        return f"{SLUG_LENGTH_MIN} to {SLUG_LENGTH_MAX} characters of a-z, 0-9 and hyphen."
    if slug in RESERVED_SLUGS:
        return "This word is reserved."
    return None


def slugs_for(name: str) -> Iterator[str]:
    """Acceptable slugs for a name, the most natural first, without end."""
    base = _base(name)
    if slug_error(base) is None:
        yield base
    for number in count(2):
        suffix = f"-{number}"
        yield base[: SLUG_LENGTH_MAX - len(suffix)] + suffix


def _base(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode("ascii")
    slug = _NOT_IN_SLUGS.sub("-", ascii_name).strip("-")[:SLUG_LENGTH_MAX].rstrip("-")
    return slug if len(slug) >= SLUG_LENGTH_MIN else _FALLBACK
