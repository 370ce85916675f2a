"""What is remembered of idempotency keys, for how long, and after which facts."""

from ticketd.core.facts import AnyFact, Confirmed, Expired, Released, Reserved, Sealed
from ticketd.core.ids import SECOND, Instant, InventoryId, ReservationId
from ticketd.core.keys import KEY_SECONDS_MIN, KeyMemory

CART = (InventoryId(1), InventoryId(2))
ONE, TWO = ReservationId("one"), ReservationId("two")


def at(seconds: float) -> Instant:
    return Instant(round(seconds * SECOND))


def reserved(
    reservation: ReservationId = ONE,
    seconds: float = 0,
    key: str = "k",
    parts: tuple[InventoryId, ...] = (),
) -> Reserved:
    return Reserved(at(seconds), reservation, 1, 0, at(seconds + 900), key, "1", parts)


def memory(*facts: AnyFact) -> KeyMemory:
    keys = KeyMemory()
    for seq, fact in enumerate(facts, start=1):
        keys.follow(fact, seq)
    return keys


def known(keys: KeyMemory, key: str = "k") -> ReservationId | None:
    use = keys.find(key)
    return None if use is None else use.reservation_id


def test_a_yes_is_remembered_whatever_becomes_of_it() -> None:
    for end in (Released(at(1), ONE), Expired(at(1), ONE), Confirmed(at(1), ONE, ())):
        assert known(memory(reserved(), end)) == ONE


def test_a_carts_key_is_forgotten_when_its_tentative_hold_comes_to_nothing() -> None:
    for end in (Released(at(1), ONE), Expired(at(1), ONE)):
        assert known(memory(reserved(parts=CART), end)) is None


def test_a_carts_key_stays_once_it_is_sealed() -> None:
    sealed: list[AnyFact] = [reserved(parts=CART), Sealed(at(1), ONE, at(900))]
    for end in (Released(at(2), ONE), Expired(at(2), ONE)):
        assert known(memory(*sealed, end)) == ONE


def test_the_end_of_another_reservation_takes_no_key_along() -> None:
    assert known(memory(reserved(parts=CART), Released(at(1), TWO))) == ONE


def test_a_reservation_without_a_key_is_not_remembered() -> None:
    keys = memory(reserved(key=""))
    assert known(keys, "") is None
    assert keys.oldest_seq() is None


def test_a_key_is_remembered_for_an_hour() -> None:
    just_within = reserved(TWO, KEY_SECONDS_MIN, key="other")
    assert known(memory(reserved(), just_within)) == ONE
    assert known(memory(reserved(), reserved(TWO, KEY_SECONDS_MIN + 1, key="other"))) is None


def test_old_keys_go_although_nobody_uses_new_ones() -> None:
    keys = memory(reserved(), reserved(TWO, KEY_SECONDS_MIN + 1, key=""))
    assert keys.oldest_seq() is None, "recovery would read the whole ledger from the first key on"


def test_the_ledger_is_needed_from_the_oldest_key_on() -> None:
    keys = memory(
        reserved(key=""),
        reserved(ONE, 1, key="tentative", parts=CART),
        reserved(TWO, 2, key="kept"),
        Released(at(3), ONE),
    )
    assert keys.oldest_seq() == 3


# -- admissions


def admitted(
    reservation: ReservationId = ONE, seconds: float = 0, parts: tuple[InventoryId, ...] = (), key: str = ""
) -> Reserved:
    return Reserved(at(seconds), reservation, 1, 0, at(seconds + 900), key, "1", parts, admission="5:1")


def used_for(keys: KeyMemory) -> ReservationId | None:
    use = keys.find_admission("5:1")
    return None if use is None else use.reservation_id


def test_an_admission_is_used_whatever_becomes_of_the_reservation() -> None:
    for end in (Released(at(1), ONE), Expired(at(1), ONE), Confirmed(at(1), ONE, ())):
        keys = memory(admitted(), end)
        assert used_for(keys) == ONE
        assert list(keys.used_admissions()) == [("5:1", "")]


def test_an_admission_is_no_key_and_a_key_no_admission() -> None:
    keys = memory(admitted(key="k"), reserved(TWO, key="5:2"))
    assert known(keys, "5:1") is None
    assert keys.find_admission("5:2") is None


def test_an_admission_is_free_again_when_a_carts_tentative_hold_comes_to_nothing() -> None:
    for end in (Released(at(1), ONE), Expired(at(1), ONE)):
        assert used_for(memory(admitted(parts=CART), end)) is None
    sealed = memory(admitted(parts=CART), Sealed(at(1), ONE, at(900)), Released(at(2), ONE))
    assert used_for(sealed) == ONE


def test_a_tentative_holds_admission_is_taken_but_not_used_yet() -> None:
    keys = memory(admitted(parts=CART, key="k"))
    assert used_for(keys) == ONE
    assert list(keys.used_admissions()) == []
    keys.follow(Sealed(at(1), ONE, at(900)), 2)
    assert list(keys.used_admissions()) == [("5:1", "k")]


def test_an_admission_is_remembered_for_an_hour() -> None:
    assert used_for(memory(admitted(), reserved(TWO, KEY_SECONDS_MIN))) == ONE
    assert used_for(memory(admitted(), reserved(TWO, KEY_SECONDS_MIN + 1))) is None
    keys = memory(admitted())
    assert keys.counts_at(at(KEY_SECONDS_MIN))
    assert not keys.counts_at(at(KEY_SECONDS_MIN + 1))


def test_keys_and_admissions_are_forgotten_each_in_its_time() -> None:
    keys = memory(
        reserved(ONE, 0, key="old"),
        admitted(TWO, 100),
        reserved(ONE, KEY_SECONDS_MIN + 1, key="young"),
    )
    assert (known(keys, "old"), used_for(keys)) == (None, TWO)
    keys.follow(reserved(ONE, KEY_SECONDS_MIN + 101, key=""), 4)
    assert (known(keys, "young"), used_for(keys)) == (ONE, None)


def test_the_ledger_is_needed_from_the_oldest_admission_on() -> None:
    assert memory(reserved(key=""), admitted(), reserved(TWO)).oldest_seq() == 2
    assert memory(reserved(key=""), reserved(TWO), admitted()).oldest_seq() == 2
