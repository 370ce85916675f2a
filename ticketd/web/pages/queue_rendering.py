"""The waiting page as bytes, cheaply: what doesn't depend on the guest is rendered once.

What a guest without a place sees is the same for all of them, so caches may answer with it. Whatever carries
a place or a signed field is made for its guest and kept by nobody.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import jinja2
import msgspec
from aiohttp import hdrs, web
from markupsafe import Markup

from ticketd.core.catalogue import Event
from ticketd.services.standings import Notice
from ticketd.web.answers import Answer, Head, head, header_line
from ticketd.web.api.presenters import API
from ticketd.web.pages.languages import Words
from ticketd.web.pages.proofs import ProofView
from ticketd.web.pages.queue_views import PlaceView, draw_view, event_path, lobby_view, queue_path
from ticketd.web.pages.rendering import PAGE_HEADERS
from ticketd.web.pages.signed_forms import HiddenFields
from ticketd.web.pages.speech import SPEECHES, Speech
from ticketd.web.rendered import PUBLIC, Text

SHELLS_MAX: Final = 256
"""So many events' pages are kept rendered, each in one language."""
GAP: Final = Markup("<!--guest-->")
"""No text of a user's can pass for it: theirs is escaped."""

_STATUSES: Final = (200, 403, 422, 429, 503)


class JoinView(msgspec.Struct, frozen=True, kw_only=True):
    """The form that takes a place."""

    words: Words
    name: str
    path: str
    hidden: HiddenFields
    proof: ProofView | None
    goes_on: bool
    """The guest has pressed the button on the page before: the script sends the form by itself."""
    error: str


class _Shell(msgspec.Struct, frozen=True, kw_only=True):
    """What is round a guest's part."""

    code: str
    words: Words
    name: str
    starts: str
    event_path: str
    stream: str
    poll: str
    said: str
    gap: Markup


class _Kept:
    """An event's pages in one language."""

    def __init__(self, event: Event, shell: str) -> None:
        self.event = event
        self._before, self._between, self._after = (piece.encode() for piece in shell.split(GAP))
        self.lobby: tuple[Notice | None, bool, Text] | None = None
        self.draw: tuple[str | None, bytes] | None = None
        """What is said of it, with the seed as it is known."""

    def filled(self, part: str, draw: bytes = b"") -> bytes:
        """The page with a guest's part in it."""
        in_head, in_main, rest = (piece.encode() for piece in part.split(GAP))
        return b"".join((self._before, in_head, self._between, in_main, draw, rest, self._after))


class _Heads(NamedTuple):
    """What stands over the pages of one language."""

    public: Mapping[str, str]
    private: Mapping[int, Head]


class QueuePages:
    """Renders waiting pages."""

    def __init__(self, environment: jinja2.Environment) -> None:
        self._shell = environment.get_template("queue.html")
        self._lobby = environment.get_template("queue_lobby.html")
        self._place = environment.get_template("queue_place.html")
        self._join = environment.get_template("queue_join.html")
        self._draw = environment.get_template("queue_draw.html")
        self._heads = {code: _heads(code) for code in SPEECHES}
        self._kept: dict[tuple[int, str], _Kept] = {}

    def lobby(self, event: Event, notice: Notice | None, speech: Speech, *, sold_out: bool = False) -> Text:
        """What anybody sees, the same object until it changes; without a notice there is no room now."""
        kept = self._keep(event, speech)
        if kept.lobby is not None and kept.lobby[0] is notice and kept.lobby[1] is sold_out:
            return kept.lobby[2]
        part = self._lobby.render(page=lobby_view(event, notice, speech, sold_out=sold_out), gap=GAP)
        draw = b"" if notice is None else self._draw_of(kept, notice, speech)
        text = Text(kept.filled(part, draw), self._heads[speech.code].public)
        kept.lobby = (notice, sold_out, text)
        return text

    def place(self, event: Event, notice: Notice, view: PlaceView, speech: Speech) -> Answer:
        """What the one who has this place sees."""
        kept = self._keep(event, speech)
        body = kept.filled(self._place.render(page=view, gap=GAP), self._draw_of(kept, notice, speech))
        seconds = view.refresh_seconds
        retry_after = b"" if seconds is None else header_line(hdrs.RETRY_AFTER, str(seconds))
        return Answer(self._heads[speech.code].private[200], body, retry_after)

    def join(
        self, event: Event, view: JoinView, speech: Speech, *, status: int = 200, headers: bytes = b""
    ) -> Answer:
        """The form that takes a place."""
        body = self._keep(event, speech).filled(self._join.render(page=view, gap=GAP))
        return Answer(self._heads[speech.code].private[status], body, headers)

    def _keep(self, event: Event, speech: Speech) -> _Kept:
        key = (event.id, speech.code)
        kept = self._kept.get(key)
        if kept is not None and kept.event is event:
            return kept
        if len(self._kept) >= SHELLS_MAX:
            del self._kept[next(iter(self._kept))]
        kept = self._kept[key] = _Kept(event, self._shell.render(page=_shell(event, speech)))
        return kept

    def _draw_of(self, kept: _Kept, notice: Notice, speech: Speech) -> bytes:
        if kept.draw is None or kept.draw[0] != notice.seed:
            view = draw_view(kept.event, notice, speech)
            kept.draw = (notice.seed, self._draw.render(page=view).encode())
        return kept.draw[1]


QUEUE_PAGES: Final = web.AppKey("queue_pages", QueuePages)


def _shell(event: Event, speech: Speech) -> _Shell:
    return _Shell(
        code=speech.code,
        words=speech.words,
        name=event.name,
        starts=speech.at(event.starts_at, event.timezone),
        event_path=event_path(event),
        stream=f"{API}/events/{event.id}/stream",
        poll=f"{queue_path(event)}.json",
        said=msgspec.json.encode(_said(speech.words)).decode(),
        gap=GAP,
    )


def _said(words: Words) -> Mapping[str, object]:
    """What the script says by itself while a guest waits."""
    return {
        "opens": words.opens_in,
        "joined": words.joined,
        "ahead": words.ahead,
        "next": words.next,
        "wait": words.wait_about,
        "waitShort": words.wait_short,
        "waitUnknown": words.wait_unknown,
        "baskets": words.in_baskets,
        "return": words.first_return,
        "paused": words.paused,
        "turn": words.time_left,
        "noConnection": words.no_connection,
    }


def _heads(code: str) -> _Heads:
    common = {
        **PAGE_HEADERS,
        hdrs.CONTENT_TYPE: "text/html; charset=utf-8",
        hdrs.CONTENT_LANGUAGE: code,
    }
    vary = f"{hdrs.ACCEPT_ENCODING}, {hdrs.ACCEPT_LANGUAGE}, {hdrs.COOKIE}"
    private = {**common, hdrs.CACHE_CONTROL: "private, no-store", hdrs.VARY: vary}
    return _Heads(
        {**common, hdrs.CACHE_CONTROL: PUBLIC, hdrs.VARY: vary},
        {status: head(status, private) for status in _STATUSES},
    )
