"""What the waiting page says, in every language."""

import re
from itertools import pairwise

import msgspec
import pytest

from tests.fakes.clock import START
from ticketd.web.pages.languages import Counted, Words
from ticketd.web.pages.speech import DEFAULT, SPEECHES, clock, speech_for
from ticketd.web.pages.words import moment

FIELDS = Words.__struct_fields__
WORDS = {code: speech.words for code, speech in SPEECHES.items()}


def texts(words: Words, field: str) -> tuple[str, ...]:
    """One text, or what is said of one and of others."""
    text = getattr(words, field)
    return (text.one, text.other) if isinstance(text, Counted) else (text,)


@pytest.mark.parametrize("code", list(SPEECHES))
def test_every_language_says_everything_and_fills_in_the_same(code: str) -> None:
    for field in FIELDS:
        for text, english in zip(texts(WORDS[code], field), texts(DEFAULT.words, field), strict=True):
            assert text.strip() == text != ""
            assert text.count("{}") == english.count("{}"), field
            assert not re.search(r"\{[^}]|[^{]\}", text), field


@pytest.mark.parametrize("code", [code for code in SPEECHES if code != "en"])
def test_no_text_was_left_in_english(code: str) -> None:
    same = {field for field in FIELDS if texts(WORDS[code], field) == texts(DEFAULT.words, field)}
    assert same == set()


def test_the_waiting_page_speaks_five_languages() -> None:
    assert set(SPEECHES) == {"en", "de", "fr", "es", "it"}
    assert all(speech.code == code for code, speech in SPEECHES.items())


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("de-CH", "de"),
        ("DE-ch, en;q=0.1", "de"),
        ("en;q=0.5, fr;q=0.7", "fr"),
        ("en;q=0.5,fr; q=0.7", "fr"),
        ("sv, it;q=0.3", "it"),
        ("sv", "en"),
        ("*", "en"),
        ("es;q=0, it;q=0.1", "it"),
        ("es;q=0", "en"),
        ("es;q=much, it;q=0.1", "it"),
        ("es;q=nan, it;q=0.1", "it"),
        ("fr, de", "fr"),
        ("d" * 10_000, "en"),
        (";;;,,,=;q", "en"),
    ],
)
def test_guests_get_the_language_that_they_like_best_of_those_spoken(accepted: str | None, code: str) -> None:
    assert speech_for(accepted).code == code


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "en",
            {0: "0 guests are ahead of you", 1: "1 guest is ahead of you", 2: "2 guests are ahead of you"},
        ),
        ("de", {0: "0 Gäste sind vor Ihnen", 1: "1 Gast ist vor Ihnen", 2: "2 Gäste sind vor Ihnen"}),
        ("fr", {0: "0 personne devant vous", 1: "1 personne devant vous", 2: "2 personnes devant vous"}),
        ("es", {0: "0 personas delante de ti", 1: "1 persona delante de ti"}),
        ("it", {0: "0 persone davanti a te", 1: "1 persona davanti a te", 21: "21 persone davanti a te"}),
    ],
)
def test_numbers_of_guests_are_spoken_of_as_the_language_has_it(code: str, said: dict[int, str]) -> None:
    speech = SPEECHES[code]
    assert {count: speech.counted(speech.words.ahead, count) for count in said} == said


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", ("999", "1,234", "12,345", "1,234,567")),
        ("de", ("999", "1.234", "12.345", "1.234.567")),
        ("fr", ("999", "1\u202f234", "12\u202f345", "1\u202f234\u202f567")),
        ("es", ("999", "1234", "12.345", "1.234.567")),
        ("it", ("999", "1234", "12.345", "1.234.567")),
    ],
)
def test_digits_are_grouped_as_the_language_has_it(code: str, said: tuple[str, ...]) -> None:
    assert tuple(SPEECHES[code].number(count) for count in (999, 1_234, 12_345, 1_234_567)) == said


def test_waits_are_told_in_what_still_helps() -> None:
    said = [DEFAULT.wait(seconds) for seconds in (None, 0, 59, 60, 61, 3_599, 3_600, 7_260)]
    assert said == [
        "How long it takes can't be told at the moment.",
        "Time to wait: less than a minute",
        "Time to wait: less than a minute",
        "Time to wait: about 1 min",
        "Time to wait: about 2 min",
        "Time to wait: about 1 h 0 min",
        "Time to wait: about 1 h 0 min",
        "Time to wait: about 2 h 1 min",
    ]


def test_a_clock_shows_no_more_than_it_has_to() -> None:
    assert [clock(seconds) for seconds in (-5, 0, 9, 250, 3_600, 90_061)] == [
        "0:00",
        "0:00",
        "0:09",
        "4:10",
        "1:00:00",
        "25:01:01",
    ]


def test_an_instant_is_told_by_the_clocks_of_its_place() -> None:
    said = {code: speech.at(START, "Europe/Vienna") for code, speech in SPEECHES.items()}
    assert said == {
        "en": "Fri 15 January 2027, 09:00 (Vienna time)",
        "de": "Fr., 15.01.2027, 09:00 (Ortszeit Vienna)",
        "fr": "ven. 15/01/2027, 09:00 (heure locale, Vienna)",
        "es": "vie 15/01/2027, 09:00 (hora local, Vienna)",
        "it": "ven 15/01/2027, 09:00 (ora locale, Vienna)",
    }


@pytest.mark.parametrize("timezone", ["Europe/Vienna", "America/New_York", "UTC"])
def test_in_english_an_instant_is_told_as_on_all_other_pages(timezone: str) -> None:
    assert DEFAULT.at(START, timezone) == moment(START, timezone).words


def test_words_survive_the_way_to_the_script() -> None:
    for words in WORDS.values():
        assert msgspec.json.decode(msgspec.json.encode(words), type=Words) == words


def test_the_languages_are_different() -> None:
    assert all(one != other for one, other in pairwise(WORDS.values()))
