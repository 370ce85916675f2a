"""`/metrics` shows what the program counts, as it stands at the moment of asking."""

from prometheus_client.parser import text_string_to_metric_families

from ticketd.core.refusals import Reason
from ticketd.core.stats import Distribution, JournalStats, PaymentStats, RegistryStats, RoomStats, RuleTally
from ticketd.metrics import EdgeStats, Metrics


class Program:
    """A program whose counters a test moves."""

    def __init__(self) -> None:
        self.mailbox_depth = 0
        self.refusals = {Reason.SOLD_OUT: 0}
        self.batch_sizes = Distribution((1, 10))
        self.rules = RuleTally()
        self.reads = 0

    def registry(self) -> RegistryStats:
        self.reads += 1
        return RegistryStats(
            actors=1,
            mailbox_depth=self.mailbox_depth,
            mailbox_age_seconds_max=0.5,
            reservations_open=3,
            conservation_broken=0,
            reloads=0,
            refusals=self.refusals,
            batch_sizes=self.batch_sizes,
        )

    def journal(self) -> JournalStats:
        return JournalStats(
            undurable_facts=4,
            retries=5,
            in_doubt=6,
            group_rows=Distribution((1,)),
            commit_seconds=Distribution((0.1,)),
        )

    def payments(self) -> PaymentStats:
        return PaymentStats(running=1, outcomes={"paid": 2, "card_error": 3})


def _metrics(program: Program) -> Metrics:
    return Metrics(
        registry=program.registry,
        journal=program.journal,
        payments=program.payments,
        rooms=lambda: RoomStats(rooms=1, waiting=2, shopping=3, paused=4),
        rules=program.rules,
    )


def _samples(metrics: Metrics) -> dict[str, float]:
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


def test_everything_the_operations_page_promises_is_there() -> None:
    samples = _samples(_metrics(Program()))
    assert samples["ticketd_conservation_broken"] == 0
    assert samples["ticketd_actors"] == 1
    assert samples["ticketd_reservations_open"] == 3
    assert samples["ticketd_mailbox_age_seconds_max"] == 0.5
    assert samples["ticketd_journal_undurable_facts"] == 4
    assert samples["ticketd_journal_retries_total"] == 5
    assert samples["ticketd_journal_in_doubt_total"] == 6
    assert samples["ticketd_payments_total paid"] == 2
    assert samples["ticketd_payments_total card_error"] == 3
    assert samples["ticketd_payments_running"] == 1
    assert "process_cpu_seconds_total" in samples


def test_each_rule_against_bots_shows_how_many_it_refused() -> None:
    program = Program()
    metrics = _metrics(program)
    program.rules["honeypot"] += 2
    assert _samples(metrics)["ticketd_rule_refusals_total honeypot"] == 2


def test_the_edge_is_shown_once_something_listens() -> None:
    metrics = _metrics(Program())
    assert "ticketd_connections" not in _samples(metrics)
    metrics.add_edge(
        lambda: EdgeStats(
            connections=1,
            connections_refused=2,
            tasks=3,
            reservations_in_progress=4,
            reservations_turned_away=5,
            slow_senders_cut=6,
            slow_readers_cut=7,
        )
    )
    samples = _samples(metrics)
    assert samples["ticketd_connections"] == 1
    assert samples["ticketd_connections_refused_total"] == 2
    assert samples["ticketd_tasks"] == 3
    assert samples["ticketd_reservations_in_progress"] == 4
    assert samples["ticketd_reservations_turned_away_total"] == 5
    assert samples["ticketd_slow_senders_cut_total"] == 6
    assert samples["ticketd_slow_readers_cut_total"] == 7


def test_waiting_rooms_are_shown() -> None:
    samples = _samples(_metrics(Program()))
    assert samples["ticketd_waiting_rooms"] == 1
    assert samples["ticketd_guests_waiting"] == 2
    assert samples["ticketd_guests_shopping"] == 3
    assert samples["ticketd_waiting_rooms_paused"] == 4


def test_counters_are_read_when_somebody_asks_and_only_then() -> None:
    program = Program()
    metrics = _metrics(program)
    assert program.reads == 0
    program.mailbox_depth = 17
    program.refusals[Reason.SOLD_OUT] = 9
    samples = _samples(metrics)
    assert samples["ticketd_mailbox_depth"] == 17
    assert samples["ticketd_refusals_total sold_out"] == 9
    assert program.reads == 1


def test_a_distribution_counts_a_value_on_its_bound_as_under_it() -> None:
    program = Program()
    for size in (1, 2, 10, 11, 1000):
        program.batch_sizes.observe(size)
    samples = _samples(_metrics(program))
    assert samples["ticketd_batch_size_bucket 1.0"] == 1
    assert samples["ticketd_batch_size_bucket 10.0"] == 3
    assert samples["ticketd_batch_size_bucket +Inf"] == samples["ticketd_batch_size_count"] == 5
    assert samples["ticketd_batch_size_sum"] == 1024
