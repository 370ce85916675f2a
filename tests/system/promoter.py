"""The owner of a promoter: venues, evenings, seats, shared capacities and codes."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from tests.system.client import Answer, BoxOffice

EVENING = "2031-05-01T19:30:00+02:00"
TIMEZONE = "Europe/Berlin"

Rows = Mapping[str, int]
"""How many seats each row of a section has."""


class Promoter(BoxOffice):
    """Sells evenings; all that it makes has to be accepted."""

    def make(self, things: str, body: Mapping[str, object]) -> Any:
        """What was made of the organizer's things: `venues`, `events`, `ticket-types`, `capacities`."""
        made = self.try_to_make(things, body)
        assert made.status == 201, made
        return made.body

    def try_to_make(self, things: str, body: Mapping[str, object]) -> Answer:
        """What the server says to it."""
        return self.ask("POST", f"/organizers/{self.organizer}/{things}", body)

    def build(self, sections: Mapping[str, Rows]) -> int:
        """The id of a new venue with such a seat map."""
        return int(self.make("venues", venue_of(seat_map_of(sections)))["id"])

    def announce(self, venue_id: int | None = None, **more: object) -> int:
        """The id of a new event."""
        body = {"name": "Evening", "starts_at": EVENING, "timezone": TIMEZONE, "venue_id": venue_id, **more}
        return int(self.make("events", body)["id"])

    def offer(self, event_id: int | None = None, **more: object) -> int:
        """The id of a new ticket type: with a `capacity`, `sections`, `seats` or a `capacity_id`."""
        body = {"name": "Regular", "price_cents": 1000, "event_id": event_id, **more}
        return int(self.make("ticket-types", body)["id"])

    def furnish(self, sections: Mapping[str, Rows], **more: object) -> int:
        """The id of a ticket type for all the seats of a new venue, for a new event."""
        event_id = self.announce(self.build(sections))
        return self.offer(event_id, sections=[*sections], **more)

    def pool(self, capacity: int) -> int:
        """The id of a new shared capacity."""
        return int(self.make("capacities", {"name": "Hall", "capacity": capacity})["id"])

    def let_in(self, ticket_type: int, code: str, **limits: object) -> None:
        """From now on the ticket type is sold with a code only; this one will do."""
        made = self.ask("POST", f"/ticket-types/{ticket_type}/access-codes", {"code": code, **limits})
        assert made.status == 201, made


def venue_of(seat_map: object) -> dict[str, object]:
    """A request's body."""
    return {"name": "Playhouse", "address": "1 Main Street", "timezone": TIMEZONE, "seat_map": seat_map}


def seat_map_of(sections: Mapping[str, Rows]) -> dict[str, object]:
    """A seat map in which the seats of each row are numbered from 1."""
    return {
        "sections": [
            {"name": name, "rows": [{"name": row, "seats": count} for row, count in rows.items()]}
            for name, rows in sections.items()
        ]
    }


def seats_of(sections: Mapping[str, Rows]) -> list[str]:
    """The ids of all their seats."""
    return [
        f"{name}-{row}-{number}"
        for name, rows in sections.items()
        for row, count in rows.items()
        for number in range(1, count + 1)
    ]


def fields(refused: Answer) -> list[str]:
    """What a request is refused for as invalid."""
    assert (refused.status, refused.code) == (422, "invalid"), refused
    return [error["field"] for error in refused.body["errors"]]


def send_csv(promoter: Promoter, venue: int, *lines: list[str]) -> Answer:
    """What becomes of a seat map in a spreadsheet."""
    sheet = io.StringIO()
    csv.writer(sheet).writerows([["section", "row", "seat"], *lines])
    return promoter.ask("PUT", f"/venues/{venue}/seat-map", sheet.getvalue(), media_type="text/csv")
