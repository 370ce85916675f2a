"""How often one network may ask."""

from ticketd.core.clients import Client, client_at, parse_address
from ticketd.core.ids import SECOND, Instant
from ticketd.core.refusals import Reason
from ticketd.core.stats import RuleTally
from ticketd.services.request_limits import (
    GUESSES_BURST,
    GUESSES_DEBT_SECONDS_MAX,
    WIDER_FACTOR,
    RequestKind,
    RequestLimits,
    TokenBuckets,
)

NOW = Instant(1_800_000_000 * SECOND)
BURST, PER_SECOND = 20, 2.0


def at(address: str, *, is_exempt: bool = False) -> Client:
    parsed = parse_address(address)
    assert parsed is not None
    return client_at(parsed, is_exempt=is_exempt)


def after(seconds: float) -> Instant:
    return Instant(NOW + round(seconds * SECOND))


def limits(rules: RuleTally | None = None) -> RequestLimits:
    return RequestLimits(per_second=PER_SECOND, burst=BURST, rules=RuleTally() if rules is None else rules)


def granted(
    limits: RequestLimits,
    client: Client,
    count: int,
    *,
    now: Instant = NOW,
    kind: RequestKind = RequestKind.FORM,
) -> int:
    return sum(limits.refusal(client, kind, now) is None for _ in range(count))


def test_a_burst_goes_through_and_then_what_the_rate_allows() -> None:
    subject, guest = limits(), at("192.0.2.1")
    assert granted(subject, guest, 100) == BURST
    assert granted(subject, guest, 100, now=after(1)) == PER_SECOND
    assert granted(subject, guest, 100, now=after(1000)) == BURST


def test_a_refusal_says_when_there_is_room_again_and_that_is_true() -> None:
    subject, guest = RequestLimits(per_second=0.25, burst=1, rules=RuleTally()), at("192.0.2.1")
    assert subject.refusal(guest, RequestKind.QUEUE, NOW) is None
    refusal = subject.refusal(guest, RequestKind.QUEUE, after(0.5))
    assert refusal is not None
    assert (refusal.reason, refusal.retry_after_seconds) == (Reason.TOO_MANY_REQUESTS, 4)
    assert subject.refusal(guest, RequestKind.QUEUE, after(3.9)) is not None
    assert subject.refusal(guest, RequestKind.QUEUE, after(0.5 + 4)) is None


def test_all_that_changes_something_counts_together() -> None:
    subject, guest = limits(), at("192.0.2.1")
    assert granted(subject, guest, BURST // 2, kind=RequestKind.RESERVATION) == BURST // 2
    assert granted(subject, guest, BURST, kind=RequestKind.FORM) == BURST // 2
    assert granted(subject, guest, BURST, kind=RequestKind.QUEUE) == 0


def test_another_address_is_another_client_unless_it_is_of_the_same_ipv6_network() -> None:
    subject = limits()
    assert granted(subject, at("192.0.2.1"), BURST) == BURST
    assert granted(subject, at("192.0.2.2"), BURST) == BURST
    assert granted(subject, at("2001:db8:1:2::1"), BURST) == BURST
    assert granted(subject, at("2001:db8:1:2::2"), BURST) == 0
    assert granted(subject, at("2001:db8:1:3::1"), BURST) == BURST


def test_who_changes_addresses_within_a_wider_network_is_stopped_there() -> None:
    rules = RuleTally()
    subject = limits(rules=rules)
    assert (
        sum(granted(subject, at(f"2001:db8:1:{n:x}::1"), BURST) for n in range(100)) == WIDER_FACTOR * BURST
    )
    assert granted(subject, at("2001:db8:2::1"), BURST) == BURST
    assert rules["forms_by_wider_network"] == (100 - WIDER_FACTOR) * BURST


def test_who_is_refused_takes_nothing_from_the_neighbours() -> None:
    subject = limits()
    assert granted(subject, at("192.0.2.1"), 100 * BURST) == BURST
    assert granted(subject, at("192.0.2.2"), BURST) == BURST


def test_who_is_exempt_is_never_refused() -> None:
    subject, guest = limits(), at("192.0.2.1", is_exempt=True)
    assert granted(subject, guest, 50 * BURST) == 50 * BURST
    for _ in range(50 * GUESSES_BURST):
        subject.guessed_wrong(guest, NOW)
    assert subject.guess_refusal(guest, NOW) is None


def test_each_rule_counts_whom_it_refused() -> None:
    rules = RuleTally()
    subject = limits(rules=rules)
    granted(subject, at("192.0.2.1"), BURST + 3, kind=RequestKind.RESERVATION)
    assert rules == {"reservations_by_network": 3}


def guesses(subject: RequestLimits, guest: Client, count: int, *, now: Instant = NOW) -> int:
    """How many of so many wrong access codes were looked at."""
    looked_at = 0
    for _ in range(count):
        if subject.guess_refusal(guest, now) is None:
            subject.guessed_wrong(guest, now)
            looked_at += 1
    return looked_at


def test_wrong_access_codes_are_slowed_down_after_some() -> None:
    rules = RuleTally()
    subject, guest = limits(rules=rules), at("192.0.2.1")
    assert guesses(subject, guest, 1000) == GUESSES_BURST
    assert guesses(subject, guest, 1000, now=after(60)) == 30
    assert rules["access_codes_by_network"] == 2000 - GUESSES_BURST - 30


def test_right_access_codes_are_not_counted() -> None:
    subject, guest = limits(), at("192.0.2.1")
    assert [subject.guess_refusal(guest, NOW) for _ in range(1000)] == [None] * 1000


def test_guesses_sent_all_at_once_are_owed_for_but_not_for_ever() -> None:
    subject, guest = limits(), at("192.0.2.1")
    for _ in range(10_000):  # all were looked at before the first turned out wrong
        subject.guessed_wrong(guest, NOW)
    assert subject.guess_refusal(guest, after(GUESSES_DEBT_SECONDS_MAX - 1)) is not None
    assert subject.guess_refusal(guest, after(GUESSES_DEBT_SECONDS_MAX + 3)) is None


def test_only_the_latest_keys_are_remembered() -> None:
    buckets = TokenBuckets(per_second=1, burst=1, keys_max=3)
    for key in ("a", "b", "c"):
        assert buckets.take(key, NOW) == 0
    assert buckets.take("a", after(1)) == 0
    assert buckets.take("d", after(1)) == 0
    assert len(buckets) == 3
    assert buckets.take("b", after(0.5)) == 0, "the longest unused one is forgotten"
    assert buckets.take("a", after(1)) > 0
    assert len(buckets) == 3
