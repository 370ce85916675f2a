"""Organizers: who sells."""

from collections.abc import Iterable
from itertools import islice

from ticketd.core.catalogue import Organizer
from ticketd.core.ids import OwnerId
from ticketd.core.refusals import FieldError, Reason, Refusal
from ticketd.services.access import Access
from ticketd.services.catalogue import Catalogue
from ticketd.services.slugs import slug_error, slugs_for
from ticketd.services.texts import name_errors
from ticketd.storage.catalogue import CatalogueStore

SLUGS_TRIED_MAX = 1000


class Organizers:
    """Makes organizers."""

    def __init__(self, *, access: Access, catalogue: Catalogue, store: CatalogueStore) -> None:
        self._access = access
        self._catalogue = catalogue
        self._store = store

    async def create(self, owner_id: OwnerId, *, name: str, slug: str | None = None) -> Organizer | Refusal:
        """A new organizer that this owner may act for; without a slug it gets one from its name."""
        name = name.strip()
        errors = name_errors(name)
        if slug is not None and (message := slug_error(slug)):
            errors += (FieldError("slug", message),)
        if errors:
            return Refusal(Reason.INVALID, errors=errors)
        await self._access.catch_up()
        candidates = islice(slugs_for(name), SLUGS_TRIED_MAX) if slug is None else (slug,)
        return await self._create_with_first_free(owner_id, name, candidates)

    async def _create_with_first_free(
        self, owner_id: OwnerId, name: str, slugs: Iterable[str]
    ) -> Organizer | Refusal:
        for slug in slugs:
            if self._catalogue.organizer(slug) is not None:
                continue
            organizer = await self._access.write(self._store.insert_organizer(owner_id, slug=slug, name=name))
            if organizer is not None:
                self._catalogue.put_organizer(organizer)
                return organizer
        return Refusal(Reason.SLUG_TAKEN)
