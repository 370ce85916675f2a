"""Slugs that are asked for, and slugs that are made."""

from itertools import islice

import pytest

from ticketd.services.slugs import RESERVED_SLUGS, slug_error, slugs_for


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Trattoria Aurora", "trattoria-aurora"),
        ("  Café Größenwahn & Söhne!", "cafe-grossenwahn-sohne"),
        ("Club 21", "club-21"),
        ("a" * 100, "a" * 64),
        ("a" * 63 + " b", "a" * 63),
        ("寿司", "organizer"),
        ("X", "organizer"),
        ("Events", "events-2"),
    ],
)
def test_a_slug_is_made_of_a_name(name: str, slug: str) -> None:
    assert next(slugs_for(name)) == slug


def test_the_slugs_after_it_are_numbered() -> None:
    assert list(islice(slugs_for("Luna"), 3)) == ["luna", "luna-2", "luna-3"]


def test_a_long_slug_makes_room_for_its_number() -> None:
    _, second = islice(slugs_for("a" * 64), 2)
    assert second == "a" * 62 + "-2"


@pytest.mark.parametrize("name", ["Events", "API", "r", "-", "x" * 200, "ü", "寿司"])
def test_every_slug_that_is_made_is_fit(name: str) -> None:
    assert [slug_error(slug) for slug in islice(slugs_for(name), 20)] == [None] * 20


@pytest.mark.parametrize(
    "slug", ["", "a", "A-B", "ä-b", "a_b", "a/b", "a.b", "x" * 65, "ab\n", "a\x00b", "²²"]
)
def test_other_characters_and_lengths_are_refused(slug: str) -> None:
    assert slug_error(slug) is not None


@pytest.mark.parametrize("slug", sorted(RESERVED_SLUGS))
def test_reserved_words_are_refused(slug: str) -> None:
    assert slug_error(slug) is not None
