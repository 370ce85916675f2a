"""An owner's evening, and what came of it."""

from tests.fakes.clock import START
from tests.services.conftest import People, ticket_type_of
from ticketd.core.catalogue import Event
from ticketd.core.ids import SECOND, Instant, TicketTypeId
from ticketd.core.outcomes import Offer
from ticketd.core.refusals import Reason, Refusal
from ticketd.core.terms import Terms
from ticketd.services.drafts import EventDraft, TicketTypeDraft
from ticketd.services.owners import OwnerServices

DAY = 86_400 * SECOND
TOMORROW = Instant(START + DAY)
CONCERT = EventDraft("Concert", TOMORROW, "Europe/Vienna")
OVERLOADED = Refusal(Reason.OVERLOADED, retry_after_seconds=1)


def reason(outcome: object) -> Reason:
    assert isinstance(outcome, Refusal)
    return outcome.reason


def refused_fields(outcome: object) -> list[str]:
    assert isinstance(outcome, Refusal)
    assert outcome.reason is Reason.INVALID
    return [error.field for error in outcome.errors]


async def make_event(owners: OwnerServices, people: People, draft: EventDraft = CONCERT) -> Event:
    event = await owners.events.create(people.alice, "aurora", draft)
    assert isinstance(event, Event)
    return event


async def make_ticket_type(
    owners: OwnerServices, people: People, event: Event, name: str = "Regular"
) -> TicketTypeId:
    draft = TicketTypeDraft(Terms(name, capacity=10), event.id)
    offer = await owners.ticket_types.create(people.alice, "aurora", draft)
    assert isinstance(offer, Offer)
    return ticket_type_of(offer)
