"""Who is believed about who sent a request."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from ticketd.core.clients import Client, Networks
from ticketd.web.clients import HOPS_TEXT_MAX, UNKNOWN, Clients

PROXY, OTHER_PROXY = "10.0.0.1", "10.0.0.2"
GUEST, FORGED = "198.51.100.7", "203.0.113.9"
DESK = "192.0.2.7"

CLIENTS = Clients(
    trusted_proxies=Networks(f"{PROXY}, {OTHER_PROXY}"), desk_networks=Networks(f"{DESK}, {PROXY}")
)


def seen(peer: str, *headers: tuple[str, str], clients: Clients = CLIENTS) -> Client:
    return clients.of(peer, CIMultiDictProxy(CIMultiDict(headers)))


def forwarded_for(*texts: str) -> tuple[tuple[str, str], ...]:
    return tuple(("X-Forwarded-For", text) for text in texts)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_nobody_believes_what_a_guest_says_about_themselves(header: str) -> None:
    assert seen(GUEST, (header, FORGED)).address == GUEST
    assert seen(GUEST, (header, f"for={DESK}")) == seen(GUEST)


def test_without_named_proxies_no_header_counts() -> None:
    clients = Clients(trusted_proxies=Networks(), desk_networks=Networks())
    assert seen(PROXY, *forwarded_for(GUEST), clients=clients).address == PROXY


@pytest.mark.parametrize(
    "texts",
    [
        (GUEST,),
        (f"{FORGED}, {GUEST}",),
        (f"{FORGED},{GUEST}, {OTHER_PROXY}",),
        (FORGED, f"{GUEST},{OTHER_PROXY}"),
        (f"{DESK}, {OTHER_PROXY}, {GUEST}",),
        (f"{GUEST}:4711",),
    ],
    ids=["alone", "after a forgery", "behind two", "two headers", "after a forged chain", "with a port"],
)
def test_behind_proxies_the_last_who_is_none_is_the_client(texts: tuple[str, ...]) -> None:
    assert seen(PROXY, *forwarded_for(*texts)) == seen(GUEST)


@pytest.mark.parametrize(
    "text",
    [
        f"for={GUEST}",
        f'for={FORGED}, For="{GUEST}:4711";proto=https;by=_x',
        f'for="[2001:db8::1]", for={GUEST} , proto=http;for={OTHER_PROXY}',
    ],
)
def test_the_standard_header_is_read_as_well(text: str) -> None:
    assert seen(PROXY, ("Forwarded", text)) == seen(GUEST)


def test_an_ipv6_client_in_the_standard_header_is_known_by_its_network() -> None:
    assert seen(PROXY, ("Forwarded", 'for="[2001:db8:1:2::7]:80"')).network == "2001:db8:1:2::/64"


@pytest.mark.parametrize(
    "forgery",
    [f'for={FORGED};x="', f'for={FORGED};x="\\', f"for={FORGED};;", f'for="{FORGED}', 'x="'],
)
def test_a_guest_who_leaves_a_quotation_mark_open_hides_nothing_that_the_proxy_adds(forgery: str) -> None:
    assert seen(PROXY, ("Forwarded", f'{forgery}, for="{GUEST}"')).address == GUEST


@pytest.mark.parametrize(
    "text", ["unknown", "", " ", f"{FORGED}, unknown", "1.2.3", f"{GUEST} {FORGED}", ","]
)
def test_for_garbage_the_proxy_answers_and_is_no_desk_then(text: str) -> None:
    client = seen(PROXY, *forwarded_for(text)) if text else seen(PROXY, ("Forwarded", "for="))
    assert (client.address, client.is_desk) == (PROXY, False)


def test_garbage_behind_a_second_proxy_is_that_ones() -> None:
    assert seen(PROXY, *forwarded_for(f"{FORGED}, junk, {OTHER_PROXY}")).address == OTHER_PROXY


def test_two_headers_that_contradict_each_other_are_believed_neither() -> None:
    headers = (("X-Forwarded-For", FORGED), ("Forwarded", f"for={GUEST}"))
    assert seen(PROXY, *headers).address == PROXY
    assert seen(PROXY, *forwarded_for(GUEST), ("Forwarded", f"for={GUEST}")).address == GUEST


def test_a_request_of_the_proxys_own_is_the_proxys() -> None:
    assert seen(PROXY) == Client(PROXY, PROXY, "10.0.0.0/24", is_desk=True, is_exempt=True)
    assert seen(PROXY, *forwarded_for(OTHER_PROXY)).address == OTHER_PROXY


def test_a_desk_is_one_wherever_it_is_seen_from() -> None:
    assert seen(DESK).is_desk
    assert seen(PROXY, *forwarded_for(DESK)).is_desk
    assert not seen(GUEST).is_desk


def test_of_a_header_without_end_the_end_counts() -> None:
    assert seen(PROXY, *forwarded_for(f"{FORGED}," * HOPS_TEXT_MAX + GUEST)).address == GUEST


def test_a_connection_without_an_address_is_nobodys() -> None:
    assert seen("") == UNKNOWN
