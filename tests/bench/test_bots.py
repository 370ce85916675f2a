import random
from collections import Counter
from ipaddress import ip_address, ip_network

import msgspec
import pytest

from bench.bots_networks import DataCentre, forwarded, people_addresses
from bench.bots_outcome import Outcome, Sizes
from bench.devices import Devices
from bench.onsale_guests import Diary
from bench.tuned import parse_constants, tune
from ticketd.core.clients import client_at
from ticketd.core.ids import EventId, Instant
from ticketd.services import difficulty
from ticketd.services.proof_of_work import ProofOfWork, solution_from
from ticketd.web.api.queue_shapes import QueueRequest


@pytest.mark.parametrize(
    "networks", [("198.18.1.0/24",), ("2001:db8::/48",), ("198.18.1.0/24", "2001:db8::/48")]
)
def test_an_operators_addresses_are_all_in_its_networks(networks: tuple[str, ...]) -> None:
    centre = DataCentre(*networks)
    addresses = [ip_address(centre.address(number)) for number in range(1000)]
    assert all(any(address in ip_network(network) for network in networks) for address in addresses)
    assert len({client_at(address).wider for address in addresses}) == len(networks)


def test_ipv6_addresses_of_an_operator_are_each_in_another_64() -> None:
    centre = DataCentre("2001:db8::/48")
    assert len({client_at(ip_address(centre.address(number))).network for number in range(1000)}) == 1000


def test_the_same_address_comes_again_only_when_there_is_no_other() -> None:
    centre = DataCentre("198.18.1.0/24")
    assert len({centre.address(number) for number in range(254)}) == 254
    assert centre.address(254) == centre.address(0)


def test_people_at_home_have_no_neighbours_and_others_share() -> None:
    clients = [client_at(ip_address(address)) for address in people_addresses(1000, random.Random(1))]
    sizes = Counter(client.wider for client in clients)
    assert sum(size == 1 for size in sizes.values()) > 700
    assert max(Counter(client.network for client in clients).values()) > 5


def test_what_a_client_says_stands_before_what_the_proxy_saw() -> None:
    assert forwarded("192.0.2.1", ["10.0.0.1", "::1"]) == {"X-Forwarded-For": "10.0.0.1, ::1, 192.0.2.1"}


def test_the_share_of_people_is_of_all_tickets_on_sale() -> None:
    diary = Diary()
    diary.codes += ["a", "b", "c"]
    outcome = Outcome(Sizes(10, 0, 12, 60), diary, 0, (), None, 10.0, {}, is_defended=True)
    assert outcome.people_share == 0.25
    assert outcome.bots_share == 0


async def test_a_device_solves_a_challenge_and_says_how_long_that_took_it() -> None:
    proof, event, now = ProofOfWork(b"secret"), EventId(1), Instant(10**15)
    devices = Devices(cores=1, hashes_per_second=1e12)
    body = await devices.solution_to(proof.challenge(event, 50, now))
    sent = msgspec.json.decode(body, type=QueueRequest)
    solution = solution_from(sent.challenge, sent.solution)
    assert solution is not None
    assert proof.use(solution, event_id=event, cost_min=50, now=now) is None
    assert devices.seconds == pytest.approx((solution.number + 1) * 1000 / 1e12)


def test_a_constant_can_be_another_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(difficulty, "COST_AT_REST", difficulty.COST_AT_REST)
    tune(parse_constants(["services.difficulty.COST_AT_REST=200"]))
    assert difficulty.cost_of_place(joins_per_second=0, places=0, wider_places=0) == 200


@pytest.mark.parametrize("name", ["services.difficulty.COST", "services.difficulty.cost_of_place"])
def test_what_is_no_constant_is_not_set(name: str) -> None:
    with pytest.raises(SystemExit, match=name):
        tune({name: 1})
