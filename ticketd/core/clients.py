"""Who asks, as far as an address tells: a network, a wider one, and whether it is a desk of the house."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import msgspec

Address = IPv4Address | IPv6Address

IPV6_NETWORK_BITS = 64
"""A household or a server gets that many addresses and more: one of them says nothing."""

IPV4_WIDER_BITS, IPV6_WIDER_BITS = 24, 48
"""What one customer of a provider has at most, as a rule."""


class Client(msgspec.Struct, frozen=True, gc=False):
    """Who sent a request; the texts are keys for counting by."""

    address: str
    network: str
    """The IPv4 address itself, or the /64 of an IPv6 address."""
    wider: str
    """The /24 of an IPv4 address, or the /48 of an IPv6 address."""
    is_desk: bool = False
    """One of the networks that are named as the house's own: limits and proofs aren't for it."""
    is_loopback: bool = False
    """This machine: somebody trying things out, or a proxy that isn't named, behind which everybody is."""
    is_exempt: bool = False
    """Limits by network aren't for it: it is a desk, or they are lifted for everybody, as for load tests."""

    @property
    def counts(self) -> bool:
        """Whether its network says anything about who it is."""
        return bool(self.network) and not self.is_exempt and not self.is_loopback


class Networks:
    """Networks as they are named in settings: `10.0.0.0/8, 2001:db8::/32, 192.0.2.7`."""

    __slots__ = ("_networks", "_text")

    def __init__(self, text: str = "") -> None:
        """ValueError for anything that is no network, or has bits beside its mask."""
        self._text = text
        self._networks = tuple(ip_network(part.strip()) for part in text.split(",")) if text.strip() else ()

    def __contains__(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Networks) and other._networks == self._networks

    def __hash__(self) -> int:
        return hash(self._networks)

    def __repr__(self) -> str:
        return f"Networks({self._text!r})"

    def __str__(self) -> str:
        return self._text


def parse_address(text: str) -> Address | None:
    """The address in a text, which may bring a port along; an IPv4 address mapped to IPv6 is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def client_at(address: Address, *, is_desk: bool = False, is_exempt: bool = False) -> Client:
    """The client who has this address; a desk is always exempt."""
    is_exempt = is_exempt or is_desk
    if isinstance(address, IPv4Address):
        wider = _network(address, IPV4_WIDER_BITS)
        return Client(str(address), str(address), wider, is_desk, address.is_loopback, is_exempt)
    network, wider = (_network(address, bits) for bits in (IPV6_NETWORK_BITS, IPV6_WIDER_BITS))
    return Client(str(address), network, wider, is_desk, address.is_loopback, is_exempt)


def _network(address: Address, bits: int) -> str:
    return str(ip_network((int(address), bits), strict=False))
