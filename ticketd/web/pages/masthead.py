"""The frame round an owner's pages: where they are, and how to get to their other organizers."""

from collections.abc import Sequence

import msgspec

from ticketd.core.catalogue import Organizer
from ticketd.services.accounts import Owner
from ticketd.web.pages.fields import Choice


class Tab(msgspec.Struct, frozen=True):
    """One kind of page of an organizer's."""

    label: str
    path: str
    current: bool


class Masthead(msgspec.Struct, frozen=True):
    """What stands above an owner's page; without an organizer there are no tabs."""

    person: str
    switch_path: str
    organizers: Sequence[Choice]
    tabs: Sequence[Tab]
    public_path: str
    """What guests see of the organizer."""


def masthead(
    owner: Owner, *, organizer: Organizer | None, organizers: Sequence[Organizer], current: str
) -> Masthead:
    """The frame for the page at path `current`, which may belong to one of the organizers."""
    return Masthead(
        owner.name or owner.email,
        f"/{(organizer or organizers[0]).slug}/tickets" if organizers else "",
        tuple(Choice(each.slug, each.name, chosen=each == organizer) for each in organizers),
        () if organizer is None else _tabs(organizer, current),
        "" if organizer is None else f"/{organizer.slug}",
    )


def _tabs(organizer: Organizer, current: str) -> Sequence[Tab]:
    return tuple(
        Tab(label, path := f"/{organizer.slug}/{part}", current.startswith(path))
        for label, part in (
            ("Tickets", "tickets"),
            ("Events", "events"),
            ("Venues", "venues"),
            ("Shared capacities", "capacities"),
            ("Orders", "orders"),
            ("Statistics", "statistics"),
        )
    )
