"""Identities, and the reservation id that says by itself where it lives."""

import re
import struct
from binascii import a2b_base64, b2a_base64
from typing import NewType

Instant = NewType("Instant", int)
"""Microseconds since 1970-01-01T00:00:00Z."""

DAWN_OF_TIME, END_OF_TIME = Instant(-(2**63)), Instant(2**63 - 1)

InventoryId = NewType("InventoryId", int)
TicketTypeId = NewType("TicketTypeId", int)
EventId = NewType("EventId", int)
OrganizerId = NewType("OrganizerId", int)
VenueId = NewType("VenueId", int)
SeatMapId = NewType("SeatMapId", int)
SeatId = NewType("SeatId", str)
OwnerId = NewType("OwnerId", int)
ReservationId = NewType("ReservationId", str)
TicketCode = NewType("TicketCode", str)

ID_MAX = 2**31 - 1
"""Largest number that a path, a body or the database accepts as an id."""

RANDOM_BYTES = 16
"""Of a reservation's id."""
TICKET_CODE_LENGTH = 26
SECOND = 1_000_000

_ROUTE_AND_ORDER = struct.Struct(">II")
_URL_SAFE, _NOT_URL_SAFE = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 8
_RESERVATION_ID = re.compile("[A-Za-z0-9_-]{32}")


def inventory_of(ticket_type_id: TicketTypeId) -> InventoryId:
    """The inventory that a ticket type draws on: its own."""
    return InventoryId(ticket_type_id)


def reservation_id(*, home: InventoryId, now: Instant, random: bytes) -> ReservationId:
    """A new reservation id: 4 bytes that route, 4 that order, 16 that nobody can guess."""
    routed = _ROUTE_AND_ORDER.pack(home, now // SECOND & 0xFFFFFFFF)
    return ReservationId(b2a_base64(routed + random, newline=False).translate(_URL_SAFE).decode("ascii"))


def home_inventory(text: str) -> InventoryId:
    """The inventory that keeps this reservation; ValueError if no reservation can have such an id."""
    if _RESERVATION_ID.fullmatch(text) is None:
        raise ValueError("not a reservation id")
    home, _ = _ROUTE_AND_ORDER.unpack_from(a2b_base64(text.encode("ascii").translate(_NOT_URL_SAFE)))
    return InventoryId(home)


def seat_id_of(section: str, row: str, number: str) -> SeatId:
    """How the world names a seat, like "Stalls-A-1"; no name has a "-" of its own."""
    return SeatId(f"{section}-{row}-{number}")


def ticket_code(random: bytes) -> TicketCode:
    """A ticket's code as it stands in its QR code: for each byte a letter with 5 of its bits."""
    return TicketCode(random.translate(_LETTERS).decode("ascii"))
