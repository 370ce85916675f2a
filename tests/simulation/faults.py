"""What can go wrong, and how often: drawn from the seed, each seed with weather of its own."""

from collections import Counter
from enum import StrEnum
from random import Random
from typing import Final, NamedTuple

import asyncpg


class Fault(StrEnum):
    """Everything that the simulation does to the server."""

    CUT_BEFORE = "connection cut before a request arrives, or inside it"
    CUT_AFTER = "connection cut after a request was done, before its answer"
    LATE_REQUEST = "request arrives after its connection was given up"
    SLOW_REQUEST = "request delayed, up to beyond commit_seconds_max"
    SLOW_ANSWER = "answer delayed, up to beyond commit_seconds_max"
    SLOW_COMMIT = "commit held up inside Postgres, with its lock"
    REFUSED = "statement refused by a live Postgres for the moment"
    UNREACHABLE = "connecting refused"
    RESTART = "Postgres restarted"
    CRASH = "server killed"
    PAUSE = "server paused and superseded"
    POISON = "data refused by Postgres"
    BANK_SLOW = "payment gateway slow"
    BANK_REQUEST_LOST = "charge or look-up lost on the way"
    BANK_ANSWER_LOST = "answer of the payment gateway lost"
    BANK_LATE = "charge arrives after it was given up"
    HANG_UP = "guest hangs up"


class Fate(NamedTuple):
    """What becomes of one request on a connection; durations in seconds."""

    arrives_after: float | None
    """None: never."""
    work: float
    answer_after: float | None
    """None: the connection is cut before it comes."""
    cut_after: float | None = None
    """When the sender sees its connection cut, if it isn't for the answer's sake."""
    refused: type[asyncpg.PostgresError] | None = None


class BankFate(NamedTuple):
    """What becomes of one call of the payment gateway; durations in seconds."""

    arrives_after: float | None
    answer_after: float | None
    lost_after: float | None = None
    """When the caller sees its connection cut."""


OF_REQUESTS: Final = (
    Fault.CUT_BEFORE,
    Fault.CUT_AFTER,
    Fault.LATE_REQUEST,
    Fault.SLOW_REQUEST,
    Fault.SLOW_ANSWER,
    Fault.SLOW_COMMIT,
    Fault.REFUSED,
)
OF_BANK_CALLS: Final = (Fault.BANK_SLOW, Fault.BANK_REQUEST_LOST, Fault.BANK_ANSWER_LOST, Fault.BANK_LATE)

REFUSALS: Final = (
    asyncpg.DiskFullError,
    asyncpg.SerializationError,
    asyncpg.InternalServerError,
    asyncpg.QueryCanceledError,
)
"""What a live Postgres says when it can't just now; nothing has happened then."""

_ENABLED_SHARE = 0.45
_RATES = (0.005, 0.02, 0.06, 0.15)
_BANK_RATES = (0.05, 0.2, 0.5)
_FAIR_SECONDS = (0.0002, 0.003)


class Weather:
    """Draws the fate of every request; once it is calm, all of them are good."""

    def __init__(self, random: Random, *, patience_seconds: float, bank_patience_seconds: float) -> None:
        """How long the server waits for Postgres, and for the payment gateway."""
        self._random = random
        self._patience = patience_seconds
        self._bank_patience = bank_patience_seconds
        self._rates = {fault: self._draw_rate(fault) for fault in Fault}
        self.calm = True
        self.seen: Counter[Fault] = Counter()

    def _draw_rate(self, fault: Fault) -> float:
        rates = _BANK_RATES if fault in OF_BANK_CALLS else _RATES
        return self._random.choice(rates) if self._random.random() < _ENABLED_SHARE else 0.0

    def strikes(self, fault: Fault) -> bool:
        """Whether this one happens now."""
        rate = self._rates[fault]
        if self.calm or not rate or self._random.random() >= rate:
            return False
        self.seen[fault] += 1
        return True

    def enabled(self, fault: Fault) -> bool:
        """Whether this seed knows it at all."""
        return self._rates[fault] > 0

    def latency(self) -> float:
        """Seconds that a message takes on a good day; never the same, so that answers overtake each other."""
        return self._random.uniform(*_FAIR_SECONDS)

    def moment(self) -> float:
        """A short while, in seconds."""
        return self._random.choice((0.001, 0.05, 0.5)) * self._random.random()

    # -- requests to Postgres

    def of_request(self) -> Fate:
        """What becomes of the next request to Postgres."""
        for fault in OF_REQUESTS:
            if self.strikes(fault):
                return self._bad(fault)
        return self._good()

    def _good(self) -> Fate:
        return Fate(self.latency(), self.latency(), self.latency())

    def _bad(self, fault: Fault) -> Fate:
        good = self._good()
        match fault:
            case Fault.CUT_BEFORE:
                return good._replace(arrives_after=None, cut_after=self.moment())
            case Fault.CUT_AFTER:
                return good._replace(answer_after=None)
            case Fault.LATE_REQUEST:
                cut = self.moment()
                return good._replace(arrives_after=cut + self._long(), cut_after=cut)
            case Fault.SLOW_REQUEST:
                return good._replace(arrives_after=self._long())
            case Fault.SLOW_ANSWER:
                return good._replace(answer_after=self._long())
            case Fault.SLOW_COMMIT:
                return good._replace(work=self._patience * self._random.random())
            case Fault.REFUSED:
                return good._replace(refused=self._random.choice(REFUSALS))
            case _:
                raise ValueError(f"{fault} doesn't happen to requests")

    def _long(self) -> float:
        return self._patience * 1.6 * self._random.choice((0.01, 0.1, 1)) * self._random.random()

    # -- calls of the payment gateway

    def of_bank_call(self) -> BankFate:
        """What becomes of the next call of the payment gateway."""
        for fault in OF_BANK_CALLS:
            if self.strikes(fault):
                return self._bad_bank(fault)
        return BankFate(self.latency(), self.moment())

    def _bad_bank(self, fault: Fault) -> BankFate:
        long = self._bank_patience * 1.6 * self._random.random()
        match fault:
            case Fault.BANK_SLOW:
                return BankFate(self.latency(), long)
            case Fault.BANK_REQUEST_LOST:
                return BankFate(None, None, self.moment())
            case Fault.BANK_ANSWER_LOST:
                return BankFate(self.latency(), None, self.moment())
            case Fault.BANK_LATE:
                return BankFate(long, self.latency(), self.moment())
            case _:
                raise ValueError(f"{fault} doesn't happen to the payment gateway")
