"""How often somebody may try to log in."""

from collections import OrderedDict, deque

from ticketd.core.ids import SECOND, Instant

WINDOW_SECONDS = 300
FAILURES_PER_EMAIL_MAX = 10
ATTEMPTS_PER_ADDRESS_MAX = 30
KEYS_MAX = 100_000


class MovingWindow:
    """At most `hits_max` hits of a key in any `window_seconds`; remembers the `keys_max` latest keys."""

    def __init__(self, *, hits_max: int, window_seconds: int, keys_max: int = KEYS_MAX) -> None:
        self._hits_max = hits_max
        self._window = window_seconds * SECOND
        self._keys_max = keys_max
        self._hits: OrderedDict[str, deque[Instant]] = OrderedDict()
        """By the time of the last hit, so that what is over is found at the front."""

    def __len__(self) -> int:
        return len(self._hits)

    def hit(self, key: str, now: Instant) -> int | None:
        """None if the hit was counted; else the seconds after which another one would be."""
        self._forget_before(Instant(now - self._window))
        hits = self._hits.get(key, deque())
        while hits and hits[0] <= now - self._window:
            hits.popleft()
        if len(hits) >= self._hits_max:
            return -((now - self._window - hits[0]) // SECOND)
        hits.append(now)
        self._hits[key] = hits
        self._hits.move_to_end(key)
        if len(self._hits) > self._keys_max:
            self._hits.popitem(last=False)
        return None

    def take_back(self, key: str) -> None:
        """Uncount the key's last hit."""
        hits = self._hits.get(key)
        if hits:
            hits.pop()

    def _forget_before(self, instant: Instant) -> None:
        while self._hits:
            key, hits = next(iter(self._hits.items()))
            if hits and hits[-1] > instant:
                return
            del self._hits[key]


class LoginThrottle:
    """Every attempt counts against its address and its e-mail, until it turns out right.

    It is counted before the password is looked at, so that many attempts at once gain nothing.
    """

    def __init__(self) -> None:
        self._addresses = MovingWindow(hits_max=ATTEMPTS_PER_ADDRESS_MAX, window_seconds=WINDOW_SECONDS)
        self._emails = MovingWindow(hits_max=FAILURES_PER_EMAIL_MAX, window_seconds=WINDOW_SECONDS)

    def attempt(self, *, email: str, address: str, now: Instant) -> int | None:
        """None if the attempt may go on; else the seconds to wait."""
        seconds = self._addresses.hit(address, now)
        return self._emails.hit(email, now) if seconds is None else seconds

    def uncount(self, *, email: str, address: str) -> None:
        """The attempt was no failure."""
        self._emails.take_back(email)
        self._addresses.take_back(address)
