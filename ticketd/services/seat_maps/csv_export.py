"""Seat maps for spreadsheets: the way out of what `csv_import` reads."""

import csv
import io

from ticketd.core.seat_maps import SeatMap
from ticketd.services.seat_maps.csv_import import COLUMNS


def seat_map_to_csv(seat_map: SeatMap) -> str:
    """One seat a line under a header; sections' focal points have no column and are left out."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for section in seat_map.sections:
        for row in section.rows:
            lines.writerows(
                (
                    section.name,
                    row.name,
                    seat.name,
                    seat.x,
                    seat.y,
                    int(seat.accessible),
                    int(seat.companion),
                    int(seat.blocked),
                )
                for seat in row.seats
            )
    return text.getvalue()
