"""Bytes that nobody can guess, and nobody gets twice."""

import itertools

from ticketd.services.randomness import RandomBytes


def test_no_bytes_are_given_out_twice() -> None:
    source = RandomBytes()
    taken = [source.take(count) for count in [16, 15, 17] * 500]
    assert [len(each) for each in taken] == [16, 15, 17] * 500
    assert len(set(taken)) == len(taken)
    assert all(first[-8:] not in second for first, second in itertools.pairwise(taken))
