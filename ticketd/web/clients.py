"""Who sends a request: the connection's other end or, behind proxies that are named, whom they name.

A header is worth as much as the one who wrote it. Each proxy appends whom it heard from, so the list is read
from its end: the first that is no trusted proxy is the client, and everything before it is mere talk.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import msgspec
from aiohttp import web
from multidict import istr

from ticketd.core.clients import Address, Client, Networks, client_at, parse_address
from ticketd.settings import Settings
from ticketd.web.parsing import Headers

REMEMBERED_MAX: Final = 8192
"""Peers, and forwarded headers, of which the meaning is kept."""

HOPS_TEXT_MAX: Final = 512
"""So much of a header's end is read: a dozen proxies. What is cut off before it was anybody's talk."""

UNKNOWN: Final = Client("", "", "")
"""For a connection without addresses."""

_FORWARDED_FOR: Final = istr("X-Forwarded-For")
_FORWARDED: Final = istr("Forwarded")

# RFC 7239, strictly: a quotation mark that somebody left open would swallow what the next proxy appends.
_PAIR = r"""[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"[^"\\,]*")"""
_ELEMENT: Final = re.compile(rf"\s*{_PAIR}(?:\s*;\s*{_PAIR})*\s*", re.ASCII)
_FOR: Final = re.compile(r"""(?:^|;)\s*for=(?:"([^"]*)"|([^;\s]*))""", re.ASCII | re.IGNORECASE)


class Clients:
    """Knows the trusted proxies and the desks, and whether limits by network are for anybody."""

    def __init__(
        self, *, trusted_proxies: Networks, desk_networks: Networks, are_limited: bool = True
    ) -> None:
        self._proxies = trusted_proxies
        self._desks = desk_networks
        self._all_exempt = not are_limited
        self._peer = lru_cache(REMEMBERED_MAX)(self._at_peer)
        self._behind = lru_cache(REMEMBERED_MAX)(self._behind_proxy)

    def of(self, peer: str, headers: Headers) -> Client:
        """Who sent a request with these headers, over a connection from this address."""
        client, is_proxy = self._peer(peer)
        if not is_proxy:
            return client
        x_forwarded_for, forwarded = _texts(headers)
        if not x_forwarded_for and not forwarded:
            return client
        return self._behind(peer, x_forwarded_for, forwarded)

    def _at_peer(self, text: str) -> tuple[Client, bool]:
        address = parse_address(text)
        if address is None:
            return msgspec.structs.replace(UNKNOWN, is_exempt=self._all_exempt), False
        return self._client(address, is_desk=address in self._desks), address in self._proxies

    def _client(self, address: Address, *, is_desk: bool) -> Client:
        return client_at(address, is_desk=is_desk, is_exempt=self._all_exempt)

    def _behind_proxy(self, peer: str, x_forwarded_for: str, forwarded: str) -> Client:
        """Whom the headers name; if that can't be told, the last hop that can, which is no desk then."""
        hop = parse_address(peer)
        assert hop is not None, "it is a proxy's"
        named = [
            self._nearest(hop, hops)
            for text, hops in (
                (x_forwarded_for, reversed(x_forwarded_for.split(","))),
                (forwarded, _forwarded_hops(forwarded)),
            )
            if text
        ]
        address, is_sure = named[0]
        if named[0] != named[-1]:  # the proxy wrote one of the two: nobody can tell which
            address, is_sure = hop, False
        return self._client(address, is_desk=is_sure and address in self._desks)

    def _nearest(self, hop: Address, hops: Iterator[str]) -> tuple[Address, bool]:
        """The first of these hops that is no trusted proxy, and whether it is sure."""
        for text in hops:
            address = parse_address(text.strip())
            if address is None:
                return hop, False
            hop = address
            if address not in self._proxies:
                break
        return hop, True


CLIENTS: Final = web.AppKey("clients", Clients)


def setup(app: web.Application, settings: Settings) -> None:
    """Let the application's handlers ask who sent a request."""
    app[CLIENTS] = Clients(
        trusted_proxies=settings.trusted_proxies,
        desk_networks=settings.desk_networks,
        are_limited=settings.rate_limit == "on",
    )


def client_of(request: web.Request) -> Client:
    """Who sent the request."""
    return request.app[CLIENTS].of(request.remote or "", request.headers)


def _texts(headers: Headers) -> tuple[str, str]:
    x_forwarded_for = ",".join(headers.getall(_FORWARDED_FOR, ()))
    forwarded = ",".join(headers.getall(_FORWARDED, ()))
    return x_forwarded_for[-HOPS_TEXT_MAX:], forwarded[-HOPS_TEXT_MAX:]


def _forwarded_hops(text: str) -> Iterator[str]:
    """The `for` of each element, the last one first; "" for an element that is broken or has none."""
    for element in reversed(text.split(",")):
        found = _FOR.search(element) if _ELEMENT.fullmatch(element) else None
        yield "" if found is None else found[1] or found[2] or ""
