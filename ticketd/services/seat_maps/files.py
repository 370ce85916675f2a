"""Seat maps as organizers bring them along and take them home: JSON or CSV."""

import re
from typing import Final

import msgspec

from ticketd.core.refusals import Reason, Refusal, invalid
from ticketd.core.seat_maps import SeatMap
from ticketd.services.json_errors import field_error
from ticketd.services.seat_maps.csv_import import BYTE_ORDER_MARK, seat_map_from_csv
from ticketd.services.seat_maps.documents import SeatMapDocument
from ticketd.services.seat_maps.flaws import MapPlace, seat_map_or_refusal

_ROOT: Final = "seat_map"
_SYNTAX_ERROR = re.compile(r"JSON is malformed: (?P<message>.*) \(byte (?P<offset>[0-9]+)\)")


def seat_map_from_text(text: str) -> SeatMap | Refusal:
    """The seat map in a file's text: JSON if it begins with a brace, CSV otherwise."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    return _from_json_text(text) if text.lstrip().startswith("{") else seat_map_from_csv(text)


def seat_map_from_json(document: SeatMapDocument) -> SeatMap | Refusal:
    """The seat map that a decoded document describes; errors name fields like `seat_map.sections[0].name`."""
    return seat_map_or_refusal(document, _json_field)


def seat_map_to_json(seat_map: SeatMap) -> bytes:
    """The seat map as `seat_map_from_json` reads it, with every seat's coordinates."""
    return msgspec.json.encode(seat_map)


def _from_json_text(text: str) -> SeatMap | Refusal:
    try:
        document = msgspec.json.decode(text, type=SeatMapDocument)
    except msgspec.ValidationError as error:
        path, message = msgspec.structs.astuple(field_error(error))
        return invalid(f"{_ROOT}.{path}" if path else _ROOT, message)
    except msgspec.DecodeError as error:
        return _syntax_refusal(text, str(error))
    except UnicodeEncodeError:
        return Refusal(Reason.MALFORMED, "The text isn't Unicode.")
    return seat_map_from_json(document)


def _syntax_refusal(text: str, message: str) -> Refusal:
    located = _SYNTAX_ERROR.fullmatch(message)
    before = text if located is None else text.encode()[: int(located["offset"])].decode(errors="replace")
    line = before.count("\n") + 1
    reason = "It ends too early" if located is None else located["message"].capitalize()
    return invalid(f"line {line}", f"This isn't JSON. {reason}.")


def _json_field(place: MapPlace) -> str:
    path = _ROOT
    for name, index in (("sections", place.section), ("rows", place.row), ("seats", place.seat)):
        if index is None:
            break
        path += f".{name}[{index}]"
    return f"{path}.{place.field}" if place.field else path
