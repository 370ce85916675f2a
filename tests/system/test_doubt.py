"""The connection to the database breaks in the middle of commits, and guests go on buying."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

import pytest

from tests.conftest import Report
from tests.embedded.processes import wait_until
from tests.fakes.cuts import FOR_EVER, Cut, Side, cuts_everywhere
from tests.fakes.proxy import Proxy, proxy_in_thread
from tests.system.audit import assert_balanced, assert_nothing_lost, assert_sold_honestly
from tests.system.carts import CartCrowd, Watcher, assert_all_agree, open_sale
from tests.system.client import BoxOffice
from tests.system.conftest import MakeServer, add_owner
from tests.system.crowd import Crowd
from tests.system.server import Server
from ticketd.actors.registry import TICK_SECONDS

GROUP = "INSERT INTO ledger"
RESOLVE = "SET group_seq = group_seq +"
SCHEDULING_SECONDS_MAX = 0.5
ANSWERS_BETWEEN = 40
PATIENCE_SECONDS = 1800.0
"""The same reservation may be in every group that is broken."""
BROKEN_SECONDS_MAX = 60.0
"""A commit comes once what is in doubt before it is settled."""
STATEMENT_BYTES_MAX = 400


class Pace(NamedTuple):
    """How long things take: as in production, or a small part of it."""

    commit_seconds_max: float
    answer_seconds_max: float
    pauses: Sequence[float | None]
    unanswered_questions: int
    """Enough for a doubt to last longer than an answer may take."""
    random_cuts: int


SLOW = Pace(10.0, 10.0, (None, 5.0, 30.0, FOR_EVER), 1, 200)
FAST = Pace(0.4, 1.0, (None, FOR_EVER), 5, 10)
COMMITS_HELD = 6
CUTS_SKIPPED = 3
"""Of so many, the short run of carts makes one."""


@pytest.fixture(scope="session")
def pace(soak: bool) -> Pace:
    return SLOW if soak else FAST


@pytest.fixture
def proxy(given_database: str) -> Iterator[Proxy]:
    with proxy_in_thread(given_database) as proxy:
        yield proxy


@pytest.fixture
def far_server(proxy: Proxy, given_database: str, make_server: MakeServer, pace: Pace) -> Server:
    """A running server whose way to its database can be broken."""
    return start_far(proxy, given_database, make_server, pace)


def start_far(proxy: Proxy, given_database: str, make_server: MakeServer, pace: Pace) -> Server:
    server = make_server(
        commit_seconds_max=str(pace.commit_seconds_max),
        answer_seconds_max=str(pace.answer_seconds_max),
        tentative_hold_seconds="2",
    )
    server.database_url, server.token = proxy.dsn, add_owner("--database-url", given_database)
    server.start()
    return server


@pytest.mark.storm
def test_sales_go_on_while_commits_are_cut_everywhere(
    far_server: Server, proxy: Proxy, pace: Pace, report: Report
) -> None:
    cuts = [cut for pause_seconds in pace.pauses for cut in cuts_everywhere(pause_seconds)]
    crowd = sell_through(far_server, proxy, [[(cut, GROUP)] for cut in cuts])
    assert proxy.struck == cuts
    assert crowd.longest_seconds < answered_by(pace)
    aftermaths = ", ".join(dict.fromkeys(cut.aftermath for cut in cuts))
    report(f"groups cut between and inside all messages, {aftermaths}: {story(far_server, proxy, crowd)}")


@pytest.mark.storm
def test_who_waits_for_a_commit_in_doubt_is_told_in_time_to_come_again(
    far_server: Server, proxy: Proxy, pace: Pace, report: Report
) -> None:
    """The questions get no answer either: nobody can tell for longer than an answer may take."""
    silence = Cut(Side.ANSWER, 0, 0, FOR_EVER)
    outage = [(silence, GROUP), *[(silence, RESOLVE)] * pace.unanswered_questions]
    crowd = sell_through(far_server, proxy, [outage])
    assert crowd.put_off > 0
    assert crowd.longest_seconds < answered_by(pace)
    report(f"one doubt for {len(outage) * pace.commit_seconds_max:.0f} s: {story(far_server, proxy, crowd)}")


@pytest.mark.storm
def test_sales_go_on_while_commits_and_questions_are_cut_at_random(
    far_server: Server, proxy: Proxy, pace: Pace, report: Report
) -> None:
    chance = random.Random(7)

    def random_cut() -> Cut:
        place = (
            chance.choice(list(Side)),
            chance.randint(0, 4),
            chance.choice((0, chance.randint(0, STATEMENT_BYTES_MAX))),
        )
        return Cut(*place, chance.choice((None, None, chance.uniform(0, 3 * pace.commit_seconds_max))))

    storm = [
        [(random_cut(), GROUP), *((random_cut(), RESOLVE) for _ in range(chance.choice((0, 0, 1))))]
        for _ in range(pace.random_cuts)
    ]
    crowd = sell_through(far_server, proxy, storm)
    report(f"at random: {story(far_server, proxy, crowd)}")


@pytest.mark.storm
def test_carts_stay_whole_while_commits_are_cut_everywhere(
    far_server: Server, proxy: Proxy, pace: Pace, soak: bool, report: Report
) -> None:
    cuts = [cut for pause_seconds in pace.pauses for cut in cuts_everywhere(pause_seconds)]
    storm = [[(cut, GROUP)] for cut in (cuts if soak else cuts[::CUTS_SKIPPED])]
    sale = open_sale(far_server)
    with CartCrowd(far_server, sale) as crowd, Watcher(far_server, sale.stalls) as watcher:
        rage(proxy, storm, crowd)
    assert_all_agree(far_server, sale, crowd, watcher)
    report(f"carts, and groups cut between and inside all messages: {story(far_server, proxy, crowd)}")


@pytest.mark.storm
def test_nobody_waits_longer_for_an_answer_that_needs_several_slow_commits(
    proxy: Proxy, given_database: str, make_server: MakeServer, pace: Pace, report: Report
) -> None:
    """A cart takes three of them, and each takes nearly as long as an answer may."""
    held = Cut(Side.ANSWER, 0, 0, 0.8 * pace.answer_seconds_max)
    slow = pace._replace(commit_seconds_max=2 * pace.answer_seconds_max)
    server = start_far(proxy, given_database, make_server, slow)
    with closing(BoxOffice(server)) as box_office:
        ticket_types = [box_office.open(capacity=100_000) for _ in range(3)]
    with Crowd(server, ticket_types) as crowd:
        for _ in range(COMMITS_HELD):
            proxy.lay(held, GROUP)
        wait_until(lambda: not proxy.is_laid, seconds_max=2 * COMMITS_HELD * pace.answer_seconds_max)
    assert crowd.longest_seconds < answered_by(pace)
    assert {answer.code for _, answer in crowd.surprises} <= {"limit_exceeded"}, "attempts put off count"
    assert_nothing_lost(server, crowd.journeys)
    assert_balanced(server, ticket_types)
    report(f"each commit held for {held.pause_seconds:g} s: {story(server, proxy, crowd)}")


Storm = Sequence[Sequence[tuple[Cut, str]]]
"""One outage after the other; each breaks these statements in turn."""


def sell_through(server: Server, proxy: Proxy, storm: Storm) -> Crowd:
    """The guests who bought meanwhile, all of them honestly served."""
    with closing(BoxOffice(server)) as box_office:
        ticket_types = [box_office.open(capacity=100_000) for _ in range(3)]
    with Crowd(server, ticket_types, patience_seconds=PATIENCE_SECONDS) as crowd:
        rage(proxy, storm, crowd)
    assert not any(journey.refused for journey in crowd.journeys), "there were enough for all"
    assert_sold_honestly(server, crowd, ticket_types)
    return crowd


def rage(proxy: Proxy, storm: Storm, crowd: Crowd) -> None:
    """Returns when every outage has come and gone, and guests were served after each."""
    for outage in storm:
        broken = proxy.has_broken(len(proxy.struck) + 1)
        for cut, statement in outage:
            proxy.lay(cut, statement)
        # Not by answers alone: in a doubt that lasts, many hear that their payment isn't known yet.
        wait_until(broken, seconds_max=BROKEN_SECONDS_MAX)
        crowd.wait_for_answers(ANSWERS_BETWEEN)
        proxy.spare()  # a question that nobody had to ask


def answered_by(pace: Pace) -> float:
    """How long anyone waits at most."""
    return pace.answer_seconds_max + TICK_SECONDS + SCHEDULING_SECONDS_MAX


def story(server: Server, proxy: Proxy, crowd: Crowd) -> str:
    """What has happened, in figures."""
    settled = [json.loads(line) for line in server.log.splitlines() if '"group was in doubt"' in line]
    committed = sum(each["committed"] for each in settled)
    return (
        f"{len(proxy.struck)} cuts, {len(settled)} groups in doubt ({committed} had happened),"
        f" {len(crowd.journeys)} guests, {crowd.put_off} answers 503,"
        f" longest answer {crowd.longest_seconds:.2f} s"
    )
