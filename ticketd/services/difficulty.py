"""How hard a proof of work is: the more come, and the more of them from one network, the harder."""

COST_AT_REST = 200_000
"""Numbers to choose from; half of them are tried on average, in 0.2 s on one core of a phone."""
COST_MAX = 16_000_000
"""Four to sixteen seconds on a phone: a patient person behind a crowded address still gets in."""

JOINS_PER_SECOND_AT_REST = 100
"""More than so many in one event make it harder for all, in proportion, …"""
PRESSURE_MAX = 8
"""… up to this many times."""
PLACES_PER_DOUBLING = 20
"""A household, an office or a phone company's shared address pays little; a farm soon pays the maximum."""
WIDER_PLACES_PER_DOUBLING = 10 * PLACES_PER_DOUBLING
"""For all the networks of one provider's block together: addresses in a block are cheap to change."""


def cost_of_place(*, joins_per_second: float, places: int, wider_places: int) -> int:
    """What the next place costs a network that has so many in the event."""
    doublings = max(places // PLACES_PER_DOUBLING, wider_places // WIDER_PLACES_PER_DOUBLING)
    pressure = min(max(joins_per_second / JOINS_PER_SECOND_AT_REST, 1.0), PRESSURE_MAX)
    return min(int(COST_AT_REST * pressure) << min(doublings, _DOUBLINGS_MAX), COST_MAX)


_DOUBLINGS_MAX = (COST_MAX // COST_AT_REST).bit_length()
