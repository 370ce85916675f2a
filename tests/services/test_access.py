"""To an owner, what isn't theirs doesn't exist."""

from tests.services.conftest import People
from tests.services.owners import CONCERT, make_event, reason
from ticketd.core.ids import ID_MAX, EventId, TicketTypeId
from ticketd.core.refusals import Reason
from ticketd.core.terms import Terms, TermsPatch
from ticketd.services.drafts import EventPatch, TicketTypeDraft
from ticketd.services.owners import OwnerServices


class TestForeignThings:
    async def test_are_not_found_whatever_an_owner_tries(
        self, owners: OwnerServices, people: People, coupon: TicketTypeId
    ) -> None:
        event = await make_event(owners, people)
        bob, draft = people.bob, TicketTypeDraft(Terms("Mine", capacity=1))
        outcomes = [
            await owners.events.create(bob, "aurora", CONCERT),
            await owners.events.change(bob, event.id, EventPatch(name="Mine")),
            await owners.events.delete(bob, event.id),
            await owners.ticket_types.create(bob, "aurora", draft),
            await owners.ticket_types.change(bob, coupon, TermsPatch(name="Mine")),
            await owners.ticket_types.delete(bob, coupon),
            await owners.order_lists.page(bob, "aurora"),
            await owners.order_lists.all(bob, "aurora"),
        ]
        assert [reason(outcome) for outcome in outcomes] == [Reason.NOT_FOUND] * len(outcomes)

    async def test_unknown_ids_are_not_found(self, owners: OwnerServices, people: People) -> None:
        event_id, ticket_type_id = EventId(ID_MAX), TicketTypeId(ID_MAX)
        outcomes = [
            await owners.events.change(people.alice, event_id, EventPatch(name="x")),
            await owners.events.delete(people.alice, event_id),
            await owners.ticket_types.change(people.alice, ticket_type_id, TermsPatch(name="x")),
            await owners.ticket_types.delete(people.alice, ticket_type_id),
        ]
        assert [reason(outcome) for outcome in outcomes] == [Reason.NOT_FOUND] * len(outcomes)

    async def test_a_ticket_type_is_for_an_event_of_its_own_organizer_only(
        self, owners: OwnerServices, people: People
    ) -> None:
        event = await make_event(owners, people)
        await owners.organizers.create(people.alice, name="Other", slug="other")
        draft = TicketTypeDraft(Terms("Regular", capacity=1), event.id)
        assert reason(await owners.ticket_types.create(people.alice, "other", draft)) is Reason.NOT_FOUND
