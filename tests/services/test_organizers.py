"""Organizers: their names, and who sees them."""

import asyncio

from tests.services.conftest import People
from tests.services.owners import (
    reason,
    refused_fields,
)
from ticketd.core.catalogue import Organizer
from ticketd.core.refusals import Reason, Refusal
from ticketd.services.owners import OwnerServices


class TestOrganizers:
    async def test_a_slug_comes_from_the_name(self, owners: OwnerServices, people: People) -> None:
        made = await owners.organizers.create(people.bob, name="  Café Größenwahn & Söhne ")
        assert isinstance(made, Organizer)
        assert (made.slug, made.name) == ("cafe-grossenwahn-sohne", "Café Größenwahn & Söhne")

    async def test_the_same_name_at_the_same_time_gets_different_slugs(
        self, owners: OwnerServices, people: People
    ) -> None:
        made = await asyncio.gather(*(owners.organizers.create(people.bob, name="Luna") for _ in range(5)))
        slugs = {each.slug for each in made if isinstance(each, Organizer)}
        assert slugs == {"luna", "luna-2", "luna-3", "luna-4", "luna-5"}

    async def test_the_same_slug_asked_for_at_the_same_time_is_given_once(
        self, owners: OwnerServices, people: People
    ) -> None:
        made = await asyncio.gather(
            *(owners.organizers.create(people.bob, name="Luna", slug="luna") for _ in range(5))
        )
        assert sum(isinstance(each, Organizer) for each in made) == 1
        assert sum(isinstance(each, Refusal) and each.reason is Reason.SLUG_TAKEN for each in made) == 4

    async def test_unfit_words_are_refused_field_by_field(
        self, owners: OwnerServices, people: People
    ) -> None:
        outcome = await owners.organizers.create(people.bob, name="a\x00b", slug="api")
        assert refused_fields(outcome) == ["name", "slug"]

    async def test_owners_see_their_own_by_name(self, owners: OwnerServices, people: People) -> None:
        await owners.organizers.create(people.alice, name="Zebra")
        await owners.organizers.create(people.alice, name="apple")
        names = [each.name for each in await owners.access.organizers_of(people.alice)]
        assert names == ["apple", "Trattoria Aurora", "Zebra"]
        assert await owners.access.organizers_of(people.bob) == []

    async def test_whoever_made_it_has_access_and_nobody_else(
        self, owners: OwnerServices, people: People
    ) -> None:
        assert await owners.access.organizer(people.alice, "aurora") == people.aurora
        assert reason(await owners.access.organizer(people.bob, "aurora")) is Reason.NOT_FOUND
        assert reason(await owners.access.organizer(people.alice, "nowhere")) is Reason.NOT_FOUND
        assert reason(await owners.access.organizer(people.alice, "a\x00b")) is Reason.NOT_FOUND
