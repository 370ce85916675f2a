"""Measurements in turns, so that a busy moment of the machine hits every subject alike."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import click

Name = TypeVar("Name")
Sample = TypeVar("Sample", bound=NamedTuple)


def in_turns(subjects: Mapping[Name, Callable[[], Sample]], *, rounds: int) -> dict[Name, list[Sample]]:
    """What each subject measured, in rounds in which each has its turn."""
    samples: dict[Name, list[Sample]] = {name: [] for name in subjects}
    for number in range(1, rounds + 1):
        for name, measure in subjects.items():
            samples[name].append(measure())
        click.echo(f"round {number} of {rounds}", err=True)
    return samples


def medians(samples: Mapping[Name, Sequence[Sample]]) -> dict[Name, Sample]:
    """Each subject's median, figure by figure."""
    return {name: median(measured) for name, measured in samples.items()}


def median(measured: Sequence[Sample]) -> Sample:
    """A sample of the medians of each figure."""
    columns: Any = zip(*measured, strict=True)
    return type(measured[0])(*map(statistics.median, columns))


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of these ascending figures that so large a share of them doesn't exceed."""
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]
