"""Where people and bots come from."""

import random
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network
from itertools import count
from typing import Final

SHARED_ADDRESSES: Final = 5
"""Offices, halls of residence, providers with too few addresses: each has many people behind it."""
MOBILE_BLOCKS: Final = 160
"""/48s from which mobile providers give each phone a /64: enough for ten million phones."""
HOMES_V4, HOMES_V6, PHONES, SHARERS = 55, 20, 20, 5
"""People, of a hundred, at each."""

_MOBILE: Final = IPv6Network("2a01:59f::/32")
_HOMES: Final = IPv6Network("2a02::/16")
_SHARED: Final = int(IPv4Address("100.99.0.1"))
_FIRST_HOME: Final = int(IPv4Address("62.0.0.1"))
_BLOCK_V4, _BLOCK_V6, _NETWORK_V6 = 2**8, 2**80, 2**64


def people_addresses(people: int, chance: random.Random) -> list[str]:
    """One for each; at home nobody has a neighbour in the crowd."""
    homes = count()
    kinds: dict[Callable[[], str], int] = {
        lambda: str(IPv4Address(_FIRST_HOME + next(homes) * _BLOCK_V4)): HOMES_V4,
        lambda: str(_HOMES[next(homes) * _BLOCK_V6 + 1]): HOMES_V6,
        lambda: str(_MOBILE[_phone(chance)]): PHONES,
        lambda: str(IPv4Address(_SHARED + chance.randrange(SHARED_ADDRESSES) * _BLOCK_V4)): SHARERS,
    }
    return [kind() for kind in chance.choices(list(kinds), list(kinds.values()), k=people)]


def _phone(chance: random.Random) -> int:
    block, network = chance.randrange(MOBILE_BLOCKS), chance.randrange(2**16)
    return block * _BLOCK_V6 + network * _NETWORK_V6 + 1


class DataCentre:
    """The networks that one operator has rented."""

    def __init__(self, *networks: str) -> None:
        self.networks = networks
        self._networks = [ip_network(network) for network in networks]

    def address(self, number: int) -> str:
        """One of them, of another network than the number before: an IPv4 address, or one of a /64."""
        network = self._networks[number % len(self._networks)]
        number //= len(self._networks)
        if network.version == 4:
            return str(network[1 + number % (network.num_addresses - 2)])
        networks = network.num_addresses // _NETWORK_V6
        return str(network[number % networks * _NETWORK_V6 + 1 + number // networks])


def forwarded(address: str, talk: Sequence[str] = ()) -> dict[str, str]:
    """What the trusted proxy says about whom it heard from; `talk` is what they had said themselves."""
    return {"X-Forwarded-For": ", ".join((*talk, address))}


def talk(chance: random.Random) -> list[str]:
    """Addresses that a client pretends to be a proxy for."""
    return [str(IPv4Address(chance.getrandbits(32))), str(IPv6Address(chance.getrandbits(128)))]
