"""One seed from its first instant to the verdict."""

from collections import Counter
from typing import NamedTuple

from tests.simulation.broken import Broken
from tests.simulation.checker import check
from tests.simulation.history import Kind, Unknown
from tests.simulation.scene import Scene, plugged_in
from tests.simulation.world import World
from ticketd.core.refusals import Refusal


class Outcome(NamedTuple):
    """What became of a seed."""

    seed: int
    broken: Broken | None
    digest: str
    """Of everything that happened."""
    figures: Counter[str]


def live(seed: int, *, show: bool = False) -> Outcome:
    """Live one seed; anything that goes wrong is `broken`. `show` prints what happens."""
    world = World(seed, show=show)
    scene = world.scene
    with plugged_in(scene):
        try:
            scene.loop.run(world.live())
            check(scene)
            broken = None
        except Broken as error:
            broken = error
        except Exception as error:
            broken = Broken("nothing fails unheard", repr(error))
            broken.__cause__ = error
        finally:
            world.end()
    return Outcome(seed, broken, scene.history.digest(), _figures(scene))


def _figures(scene: Scene) -> Counter[str]:
    figures = scene.figures + Counter({"seeds": 1, "calls": len(scene.history.calls)})
    figures["groups committed"] = scene.postgres.commits
    figures["facts"] = sum(len(rows) for rows in scene.postgres.ledger.values())
    figures["charges"] = len(scene.bank.captures)
    figures["virtual seconds"] = round(scene.loop.time())
    figures.update({f"fault: {fault}": count for fault, count in scene.weather.seen.items()})
    for call in scene.history.calls:
        answer = call.answer
        told = (
            answer.reason if isinstance(answer, Refusal) else answer if isinstance(answer, Unknown) else "yes"
        )
        figures[f"answer: {call.kind if call.kind is not Kind.CHANGE else 'owner'}: {told}"] += 1
    return figures
