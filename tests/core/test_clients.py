"""What an address says about who asks."""

import pytest

from ticketd.core.clients import Client, Networks, client_at, parse_address


def client(text: str) -> Client:
    address = parse_address(text)
    assert address is not None, text
    return client_at(address)


def test_an_ipv4_address_is_a_network_of_its_own_in_a_wider_one() -> None:
    assert client("192.0.2.77") == Client("192.0.2.77", "192.0.2.77", "192.0.2.0/24")


def test_all_ipv6_addresses_of_a_household_are_one_network() -> None:
    assert client("2001:db8:1:2::a").network == client("2001:db8:1:2:ffff::b").network == "2001:db8:1:2::/64"
    assert client("2001:db8:1:3::a").network != "2001:db8:1:2::/64"
    assert client("2001:db8:1:2::a").wider == client("2001:db8:1:ffff::a").wider == "2001:db8:1::/48"


def test_an_ipv4_address_stays_one_however_it_is_written() -> None:
    assert client("::ffff:192.0.2.77") == client("192.0.2.77")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.77:8080", "192.0.2.77"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ],
)
def test_a_port_or_a_scope_beside_an_address_does_no_harm(text: str, address: str) -> None:
    assert client(text).address == address


@pytest.mark.parametrize(
    "text", ["", "unknown", "_hidden", "192.0.2", "192.0.2.256", "1.2.3.4, 5.6.7.8", "::g"]
)
def test_what_is_no_address_is_nobody(text: str) -> None:
    assert parse_address(text) is None


def test_networks_know_which_addresses_are_theirs() -> None:
    networks = Networks("10.0.0.0/8, 2001:db8::/32,192.0.2.7")
    for text, is_in in (
        ("10.255.0.1", True),
        ("11.0.0.1", False),
        ("2001:db8:ffff::1", True),
        ("2001:db9::1", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("::ffff:10.0.0.1", True),
    ):
        address = parse_address(text)
        assert address is not None
        assert (address in networks) == is_in, text


def test_no_networks_have_no_addresses() -> None:
    address = parse_address("127.0.0.1")
    assert address is not None
    assert address not in Networks()


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/8,", "proxy", "10.0.0.0/8 ::1"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # whatever ipaddress says
        Networks(text)
