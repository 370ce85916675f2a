"""Seat maps on their way out to spreadsheets."""

import msgspec

from ticketd.core.seat_maps import SeatMap
from ticketd.services.seat_maps.csv_export import seat_map_to_csv
from ticketd.services.seat_maps.csv_import import seat_map_from_csv
from ticketd.services.seat_maps.houses import theatre


def without_focus(seat_map: SeatMap) -> SeatMap:
    return SeatMap(tuple(msgspec.structs.replace(section, focus=None) for section in seat_map.sections))


def test_what_is_taken_home_can_be_brought_back() -> None:
    house = without_focus(theatre())
    assert seat_map_from_csv(seat_map_to_csv(house)) == house


def test_names_may_hold_what_separates_cells() -> None:
    house = without_focus(theatre())
    named = SeatMap((msgspec.structs.replace(house.sections[0], name='Stalls, "left"; low'),))
    assert seat_map_from_csv(seat_map_to_csv(named)) == named
