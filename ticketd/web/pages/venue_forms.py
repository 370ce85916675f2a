"""The form for venues: what it shows."""

from collections.abc import Mapping, Sequence

from ticketd.core.catalogue import Venue
from ticketd.core.refusals import FieldError
from ticketd.services.drafts import ADDRESS_LENGTH_MAX
from ticketd.services.texts import NAME_LENGTH_MAX
from ticketd.services.timezones import timezones_of_cities
from ticketd.web.pages.fields import Field, filled


def venue_fields(values: Mapping[str, str], errors: Sequence[FieldError] = ()) -> Sequence[Field]:
    """The form that makes or changes a venue."""
    fields = (
        Field(name="name", label="Name", required=True, attributes={"maxlength": str(NAME_LENGTH_MAX)}),
        Field(
            name="address",
            label="Address (optional)",
            hint="As guests shall read it.",
            attributes={"maxlength": str(ADDRESS_LENGTH_MAX)},
        ),
        Field(
            name="timezone",
            label="Time zone",
            hint="Like Europe/Berlin.",
            required=True,
            attributes={"maxlength": "64"},
            suggestions=timezones_of_cities(),
        ),
    )
    return filled(fields, values, errors)


def values_of(venue: Venue) -> dict[str, str]:
    """What the form shows of a venue."""
    return {"name": venue.name, "address": venue.address, "timezone": venue.timezone}
