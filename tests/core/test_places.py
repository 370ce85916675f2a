"""Tokens: what was sealed here opens to the same place, and nothing else opens."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketd.core.ids import ID_MAX, SECOND, EventId, Instant
from ticketd.core.places import SECRET_BYTES_MIN, Place, Tokens

SECRET = bytes(range(SECRET_BYTES_MIN))
TOKENS = Tokens(SECRET)
JOINED_AT = Instant(1_800_000_000 * SECOND)
PLACE = Place(EventId(7), 123_456, JOINED_AT)
TOKEN = TOKENS.seal(PLACE)
LETTERS = string.ascii_letters + string.digits + "-_"

places = st.builds(
    Place,
    event_id=st.integers(1, ID_MAX).map(EventId),
    number=st.integers(0, 2**32 - 1),
    joined_at=st.integers(0, 2**40).map(lambda seconds: Instant(seconds * SECOND)),
)


@given(places)
def test_a_sealed_place_opens_to_itself(place: Place) -> None:
    token = TOKENS.seal(place)
    assert TOKENS.open(token) == place
    assert len(token) == 43
    assert set(token) <= set(LETTERS), "it stands in headers and cookies as it is"


def test_a_token_stays_what_it_is_when_server_and_version_change() -> None:
    assert Tokens(SECRET).seal(PLACE) == "AAAABwAB4kAAAAAAa0nSADk9su62HgrxYzHd4Wq7Jl8"


def test_a_place_stands_to_the_second() -> None:
    late = PLACE._replace(joined_at=Instant(JOINED_AT + SECOND - 1))
    assert TOKENS.open(TOKENS.seal(late)) == PLACE


@pytest.mark.parametrize("position", range(43))
def test_a_token_with_another_letter_opens_nothing(position: int) -> None:
    for letter in LETTERS.replace(TOKEN[position], ""):
        assert TOKENS.open(TOKEN[:position] + letter + TOKEN[position + 1 :]) is None


@pytest.mark.parametrize("bit", range(256))
def test_a_token_with_another_bit_opens_nothing(bit: int) -> None:
    sealed = int.from_bytes(base64.urlsafe_b64decode(TOKEN + "="), "big")
    forged = (sealed ^ (1 << bit)).to_bytes(32, "big")
    assert TOKENS.open(base64.urlsafe_b64encode(forged).decode().rstrip("=")) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "A" * 43,
        "=" * 43,
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN + "=",
        TOKEN + "\n",
        "\n" + TOKEN,
        " " + TOKEN,
        TOKEN + "\x00",
        TOKEN[:21] + "\n" + TOKEN[21:],
        TOKEN[:21] + "=" + TOKEN[22:],
        TOKEN[:-1] + "=",
        TOKEN[:-1] + "é",
        TOKEN[:-1] + "\ud800",
        "".join(chr(0xFEE0 + ord(letter)) for letter in TOKEN),
        "１" * 43,
        TOKEN * 1000,
    ],
)
def test_no_other_text_opens_anything(text: str) -> None:
    assert TOKENS.open(text) is None


@given(st.text(max_size=50) | st.text(alphabet=LETTERS + "=+/", min_size=43, max_size=43))
def test_any_text_is_a_place_or_none(text: str) -> None:
    assert TOKENS.open(text) is None


def test_each_place_has_exactly_one_text() -> None:
    """Its last letter has two spare bits, and base64 has other letters for 62 and 63."""
    sealed = base64.urlsafe_b64decode(TOKEN + "=")
    same = [last for last in LETTERS if base64.urlsafe_b64decode(TOKEN[:-1] + last + "=") == sealed]
    assert len(same) == 4
    assert [last for last in same if TOKENS.open(TOKEN[:-1] + last)] == [TOKEN[-1]]
    numbers = (PLACE._replace(number=number) for number in range(1000))
    token = next(token for token in map(TOKENS.seal, numbers) if "-" in token and "_" in token)
    assert TOKENS.open(token)
    assert TOKENS.open(token.replace("-", "+")) is TOKENS.open(token.replace("_", "/")) is None


@given(places)
def test_what_another_secret_sealed_opens_nothing(place: Place) -> None:
    assert TOKENS.open(Tokens(SECRET[::-1]).seal(place)) is None


@pytest.mark.parametrize("length", [0, SECRET_BYTES_MIN - 1, 65])
def test_a_secret_that_signs_nothing_is_no_secret(length: int) -> None:
    with pytest.raises(ValueError):
        Tokens(bytes(length))
