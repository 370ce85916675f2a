"""static/check_place.py: what a guest recomputes alone is what the server gave them."""

import ast
import hashlib
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ticketd.core.draw import SEED_BYTES, SMALL_COUNT_MAX, Draw, commitment
from ticketd.core.ids import SECOND, EventId, Instant
from ticketd.core.places import Place, Tokens

SCRIPT = Path(__file__).parent.parent / "static" / "check_place.py"
place_in_draw = runpy.run_path(str(SCRIPT))["place_in_draw"]

EVENT = EventId(7)
SEED = bytes(range(SEED_BYTES))
COUNT = 5000
TOKENS = Tokens(bytes(32))
JOINED_AT = Instant(1_800_000_000 * SECOND)

seeds = st.binary(min_size=SEED_BYTES, max_size=SEED_BYTES)
counts = st.integers(1, 300) | st.integers(1, 600_000)


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it as a guest does, on a Python that has nothing but its standard library."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *arguments], capture_output=True, text=True, check=False
    )


@given(seeds, st.integers(1, 2**31 - 1), counts, st.floats(0, 1, exclude_max=True))
@example(SEED, 1, SMALL_COUNT_MAX, 0.5)
@example(SEED, 1, SMALL_COUNT_MAX + 1, 0.5)
def test_it_finds_the_place_that_the_server_gave(seed: bytes, event_id: int, count: int, at: float) -> None:
    number = int(at * count)
    assert place_in_draw(seed, event_id, count, number) == Draw(seed, EventId(event_id), count).place_of(
        number
    )


def test_it_finds_everybodys_place() -> None:
    drawn = Draw(SEED, EVENT, 150)
    assert [place_in_draw(SEED, EVENT, 150, number) for number in range(150)] == [
        *map(drawn.place_of, range(150))
    ]


def test_it_tells_all_that_a_token_says() -> None:
    token = TOKENS.seal(Place(EVENT, 1234, JOINED_AT))
    checked = check(token, SEED.hex(), str(COUNT), "--commitment", commitment(SEED))
    assert checked.returncode == 0
    assert checked.stdout.splitlines() == [
        "event:  7",
        "number: 1234, counted from 0 in order of arrival",
        "joined: 2027-01-15 08:00:00 UTC",
        f"place:  {Draw(SEED, EVENT, COUNT).place_of(1234)}, drawn among 5000; 0 is the first",
        "seed:   fits the commitment",
    ]


def test_event_and_number_do_for_who_keeps_the_token_to_themselves() -> None:
    checked = check("7:1234", SEED.hex().upper(), str(COUNT))
    assert f"place:  {Draw(SEED, EVENT, COUNT).place_of(1234)}, " in checked.stdout
    assert commitment(SEED) in checked.stdout, "to be compared by hand"
    assert checked.returncode == 0


@pytest.mark.parametrize("number", [COUNT, COUNT + 9])
def test_who_came_after_the_opening_stands_where_they_came(number: int) -> None:
    checked = check(TOKENS.seal(Place(EVENT, number, JOINED_AT)), SEED.hex(), str(COUNT))
    assert f"place:  {number}, as you came after the opening" in checked.stdout


def test_a_seed_that_was_not_committed_to_is_found_out() -> None:
    other = hashlib.sha256(SEED).digest()
    checked = check("7:1", other.hex(), str(COUNT), "--commitment", commitment(SEED))
    assert checked.returncode == 1
    assert "DOES NOT FIT" in checked.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["too-short", SEED.hex(), "10"],
        ["é" * 43, SEED.hex(), "10"],
        ["_" * 43, SEED.hex(), "10"],
        ["7:", SEED.hex(), "10"],
        ["7:4294967296", SEED.hex(), "10"],
        ["7:1", SEED.hex()[:-1], "10"],
        ["7:1", "x" * 64, "10"],
        ["7:1", SEED.hex(), "many"],
        ["7:1", SEED.hex(), "-5"],
        ["7:1", SEED.hex(), "4294967296"],
        ["7:1", SEED.hex(), "10", "--commitment", "abc"],
        ["7:1"],
    ],
)
def test_what_it_cannot_read_it_says_in_a_line(arguments: list[str]) -> None:
    checked = check(*arguments)
    assert checked.returncode == 2
    assert checked.stdout == ""
    assert "check_place.py: error:" in checked.stderr
    assert "Traceback" not in checked.stderr


def test_it_needs_no_newer_python_than_it_says() -> None:
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 9))
