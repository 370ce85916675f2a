"""Names and texts that are fit to be stored and shown."""

import pytest

from ticketd.services.texts import (
    NAME_LENGTH_MAX,
    email_errors,
    line_errors,
    name_errors,
    without_direction_marks,
)


@pytest.mark.parametrize("name", ["Dinner", "晚餐", "עֶרֶב", "🎻", "می‌خواهم", "1"])
def test_a_name_that_can_be_seen_is_fit(name: str) -> None:
    assert name_errors(name) == ()


@pytest.mark.parametrize("name", ["\u200b\u200b", "\u00a0\u2060", "\u3164", "\u2800", "\ufe0f\u034f"])
def test_a_name_of_which_nothing_can_be_seen_is_not(name: str) -> None:
    (error,) = name_errors(name)
    assert (error.field, error.message) == ("name", "At least one character has to be visible.")


def test_a_name_that_turns_the_line_around_is_not_fit() -> None:
    (error,) = name_errors("\u202eBob")
    assert "direction of writing" in error.message


@pytest.mark.parametrize("text", ["\u202eBob", "Bob\u2066"])
def test_no_guest_turns_around_what_stands_beside_their_name_or_address(text: str) -> None:
    for field, errors in (
        ("name", line_errors("name", text, NAME_LENGTH_MAX)),
        ("email", email_errors(f"{text}@example.org")),
    ):
        (error,) = errors
        assert error.field == field
        assert "direction of writing" in error.message


def test_direction_marks_leave_a_text_and_letters_stay() -> None:
    assert without_direction_marks("\u202aanna@example.org\u202c\u200f") == "anna@example.org"
    assert without_direction_marks("\u202eעֶרֶב می‌خواهم") == "עֶרֶב می‌خواهم"
