"""The program's counters in Prometheus' words, read only when somebody asks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Final, TypeVar

import msgspec
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from ticketd.core.stats import Distribution, JournalStats, PaymentStats, RegistryStats, RoomStats, RuleTally

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_INFINITY = "+Inf"

Stats = TypeVar("Stats")


class EdgeStats(msgspec.Struct, frozen=True, kw_only=True):
    """The side that guests reach, at a moment; counts without "now" in their meaning only ever grow."""

    connections: int
    """Open now, or closed with a request of theirs still under way."""
    connections_refused: int
    tasks: int
    """Of the whole process now."""
    reservations_in_progress: int
    """Asked for and not yet answered."""
    reservations_turned_away: int
    """Before anything of them was parsed, because too many were in progress."""
    slow_senders_cut: int
    slow_readers_cut: int


class StreamStats(msgspec.Struct, frozen=True, kw_only=True):
    """Live views at a moment; counts without "now" in their meaning only ever grow."""

    viewers: int
    """Connections that watch an event now."""
    events: int
    """Events that somebody watches now."""
    cut: int
    """Viewers who didn't take what was sent to them."""


class Metrics:
    """Everything that `/metrics` shows."""

    def __init__(
        self,
        *,
        registry: Callable[[], RegistryStats],
        journal: Callable[[], JournalStats],
        payments: Callable[[], PaymentStats],
        rooms: Callable[[], RoomStats],
        rules: RuleTally,
    ) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._add(registry, _of_actors)
        self._add(journal, _of_journal)
        self._add(payments, _of_payments)
        self._add(rooms, _of_rooms)
        self._add(lambda: rules, _of_rules)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def add_edge(self, edge: Callable[[], EdgeStats]) -> None:
        """Show these too, once there is something that listens."""
        self._add(edge, _of_edge)

    def add_streams(self, streams: Callable[[], StreamStats]) -> None:
        """Show these too, once somebody can watch."""
        self._add(streams, _of_streams)

    def render(self) -> bytes:
        """All of it as text of CONTENT_TYPE."""
        return generate_latest(self.registry)

    def _add(self, read: Callable[[], Stats], told: Callable[[Stats], Iterable[Metric]]) -> None:
        self.registry.register(_Source(lambda: told(read())))


class _Source(Collector):
    """What a part of the program counts, read when somebody asks."""

    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        return self._read()


def _of_actors(stats: RegistryStats) -> Iterator[Metric]:
    yield _gauge("actors", "Inventories in memory.", stats.actors)
    yield _gauge("mailbox_depth", "Commands waiting in all mailboxes.", stats.mailbox_depth)
    yield _gauge(
        "mailbox_age_seconds_max",
        "How long the oldest waiting command has been waiting.",
        stats.mailbox_age_seconds_max,
    )
    yield _gauge("reservations_open", "Lines held or paying.", stats.reservations_open)
    yield _gauge(
        "conservation_broken", "Inventories whose counts don't add up: a bug.", stats.conservation_broken
    )
    yield _counter("reloads", "Inventories read anew because their group was lost.", stats.reloads)
    refusals = {reason.value: count for reason, count in stats.refusals.items()}
    yield _counters("refusals", "Commands refused.", "reason", refusals)
    yield _histogram("batch_size", "Commands that an inventory decided at a time.", stats.batch_sizes)


def _of_journal(stats: JournalStats) -> Iterator[Metric]:
    yield _gauge("journal_undurable_facts", "Facts not yet durable.", stats.undurable_facts)
    yield _counter("journal_retries", "Attempts to reach the database again.", stats.retries)
    yield _counter("journal_in_doubt", "Groups that had to be asked after.", stats.in_doubt)
    yield _histogram("group_rows", "Rows that a group put into the ledger.", stats.group_rows)
    yield _histogram("commit_seconds", "How long a group took to be durable.", stats.commit_seconds)


def _of_payments(stats: PaymentStats) -> Iterator[Metric]:
    yield _gauge("payments_running", "Payments under way, those in doubt included.", stats.running)
    yield _counters("payments", "Payments ended.", "outcome", stats.outcomes)


def _of_rules(tally: RuleTally) -> Iterator[Metric]:
    yield _counters("rule_refusals", "Requests refused by a rule against bots.", "rule", tally)


def _of_edge(stats: EdgeStats) -> Iterator[Metric]:
    yield _gauge("connections", "Connections open.", stats.connections)
    yield _counter(
        "connections_refused", "Connections for which there was no room.", stats.connections_refused
    )
    yield _gauge("tasks", "Tasks of the event loop.", stats.tasks)
    yield _gauge(
        "reservations_in_progress",
        "Reservations asked for and not yet answered.",
        stats.reservations_in_progress,
    )
    yield _counter(
        "reservations_turned_away",
        "Reservations refused unread, because too many were in progress.",
        stats.reservations_turned_away,
    )
    yield _counter("slow_senders_cut", "Connections cut for sending slowly.", stats.slow_senders_cut)
    yield _counter("slow_readers_cut", "Connections cut for reading slowly.", stats.slow_readers_cut)


def _of_streams(stats: StreamStats) -> Iterator[Metric]:
    yield _gauge("viewers", "Connections that watch an event.", stats.viewers)
    yield _gauge("events_watched", "Events that somebody watches.", stats.events)
    yield _counter("viewers_cut", "Viewers who didn't take what was sent.", stats.cut)


def _of_rooms(stats: RoomStats) -> Iterator[Metric]:
    yield _gauge("waiting_rooms", "Waiting rooms that are open.", stats.rooms)
    yield _gauge("waiting_rooms_paused", "Those whose owner lets nobody in.", stats.paused)
    yield _gauge("guests_waiting", "Guests with a place, not yet admitted.", stats.waiting)
    yield _gauge("guests_shopping", "Guests admitted, who haven't reserved yet.", stats.shopping)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"ticketd_{name}", meaning, value=value)


def _counter(name: str, meaning: str, value: int) -> Metric:
    return CounterMetricFamily(f"ticketd_{name}", meaning, value=value)


def _counters(name: str, meaning: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(f"ticketd_{name}", meaning, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def _histogram(name: str, meaning: str, distribution: Distribution) -> Metric:
    bounds = [*(f"{float(bound)}" for bound in distribution.bounds), _INFINITY]
    buckets = list(zip(bounds, accumulate(distribution.counts), strict=True))
    return HistogramMetricFamily(f"ticketd_{name}", meaning, buckets=buckets, sum_value=distribution.total)
