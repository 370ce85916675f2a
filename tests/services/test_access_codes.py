"""Access codes at the owner's desk; what they do to a sale is the inventory's business."""

import pytest

from tests.fakes.clock import START
from tests.services.conftest import People
from tests.services.owners import reason, refused_fields
from ticketd.core.ids import Instant, TicketTypeId
from ticketd.core.outcomes import AccessCode, AccessCodes, Offer
from ticketd.core.refusals import Reason
from ticketd.core.terms import UNLIMITED, Terms
from ticketd.services.access_codes import AccessCodeDesk
from ticketd.services.catalogue import Catalogue
from ticketd.services.drafts import TicketTypeDraft
from ticketd.services.owners import OwnerServices


@pytest.fixture
def desk(owners: OwnerServices) -> AccessCodeDesk:
    return owners.access_codes


def is_listed(catalogue: Catalogue, ticket_type_id: TicketTypeId) -> bool:
    ticket_type = catalogue.ticket_type(ticket_type_id)
    assert ticket_type is not None
    assert catalogue.visible(ticket_type), "whoever knows where it is may see it"
    return ticket_type in catalogue.listed([ticket_type])


async def test_the_first_code_hides_a_ticket_type_and_the_last_one_gone_shows_it(
    desk: AccessCodeDesk, people: People, catalogue: Catalogue, coupon: TicketTypeId
) -> None:
    assert is_listed(catalogue, coupon)
    made = await desk.set(people.alice, coupon, code=" FRIENDS ", capacity=3, until=START)
    assert made == AccessCode("FRIENDS", 3, START, 0)
    assert not is_listed(catalogue, coupon)
    assert await desk.remove(people.alice, coupon, "FRIENDS") is None
    assert is_listed(catalogue, coupon)


async def test_the_same_code_again_changes_it(
    desk: AccessCodeDesk, people: People, coupon: TicketTypeId
) -> None:
    await desk.set(people.alice, coupon, code="FRIENDS", capacity=3)
    await desk.set(people.alice, coupon, code="family")
    await desk.set(people.alice, coupon, code="FRIENDS", capacity=4)
    listed = await desk.of_ticket_type(people.alice, coupon)
    expected = (AccessCode("FRIENDS", 4, None, 0), AccessCode("family", None, None, 0))
    assert listed == AccessCodes(expected)


async def test_those_on_a_shared_capacity_have_their_own(
    desk: AccessCodeDesk, owners: OwnerServices, people: People, catalogue: Catalogue
) -> None:
    room = await owners.capacities.create(people.alice, "aurora", name="Room", capacity=9)
    assert isinstance(room, Offer)
    draft = TicketTypeDraft(Terms("Regular", UNLIMITED), capacity_id=room.inventory_id)
    regular, student = [await owners.ticket_types.create(people.alice, "aurora", draft) for _ in range(2)]
    assert isinstance(regular, Offer)
    assert isinstance(student, Offer)
    await desk.set(people.alice, student.ticket_type_id, code="STUDENT")
    assert is_listed(catalogue, regular.ticket_type_id)
    assert not is_listed(catalogue, student.ticket_type_id)
    assert await desk.of_ticket_type(people.alice, regular.ticket_type_id) == AccessCodes(())


@pytest.mark.parametrize(
    "code", ["", "ab", "x" * 65, "two words", "tab\tbed", "a\x00bc", "a\ud800bc", "a\u2028bc"]
)
async def test_an_unfit_code_is_refused(
    desk: AccessCodeDesk, people: People, coupon: TicketTypeId, code: str
) -> None:
    assert set(refused_fields(await desk.set(people.alice, coupon, code=code))) == {"code"}


async def test_unfit_limits_are_refused(desk: AccessCodeDesk, people: People, coupon: TicketTypeId) -> None:
    outcome = await desk.set(people.alice, coupon, code="FRIENDS", capacity=0, until=Instant(-1))
    assert refused_fields(outcome) == ["capacity", "until"]


async def test_what_is_not_there_cannot_be_removed(
    desk: AccessCodeDesk, people: People, coupon: TicketTypeId
) -> None:
    assert reason(await desk.remove(people.alice, coupon, "FRIENDS")) is Reason.NOT_FOUND


async def test_to_others_they_do_not_exist(
    desk: AccessCodeDesk, people: People, coupon: TicketTypeId
) -> None:
    outcomes = [
        await desk.of_ticket_type(people.bob, coupon),
        await desk.set(people.bob, coupon, code="MINE"),
        await desk.remove(people.bob, coupon, "MINE"),
    ]
    assert [reason(outcome) for outcome in outcomes] == [Reason.NOT_FOUND] * 3
