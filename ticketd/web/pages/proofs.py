"""The part of a form that proves some work: see `templates/proof.html` and `static/proof.js`."""

from collections.abc import Mapping
from typing import Final

import msgspec

from ticketd.core.refusals import Challenge
from ticketd.services.proof_of_work import Solution, solution_from
from ticketd.services.signed_forms import PATIENCE_SECONDS

SOLUTION_FIELD: Final = "solution"


class ProofWords(msgspec.Struct, frozen=True, kw_only=True):
    """What the guest is told, in their language."""

    checking: str
    done: str
    unable: str
    """For browsers without JavaScript, and for those that can't compute."""


ENGLISH: Final = ProofWords(
    checking="Checking that you are a person…",
    done="Checking that you are a person… done.",
    unable=f"Many want a place now. Please wait {PATIENCE_SECONDS} seconds before you press the button:"
    " that is how we tell people from programs when a browser can't compute.",
)


class ProofView(msgspec.Struct, frozen=True, kw_only=True):
    """What `proof.fields` shows."""

    challenge: str
    """As JSON."""
    goes_on: bool
    """The guest has pressed the button before: the form is sent as soon as the solution is there."""
    words: ProofWords = ENGLISH
    name: str = SOLUTION_FIELD


def proof_view(
    challenge: Challenge | None, form: Mapping[str, str] | None = None, *, words: ProofWords = ENGLISH
) -> ProofView | None:
    """For a form that needs a proof; `form` is what was sent before, if anything was.

    Only who wasn't shown a challenge then is spared another press: a proof that was sent and refused is
    never repeated by itself.
    """
    if challenge is None:
        return None
    return ProofView(
        challenge=msgspec.json.encode(challenge).decode(),
        goes_on=form is not None and SOLUTION_FIELD not in form,
        words=words,
    )


def solution_in(form: Mapping[str, str]) -> Solution | None:
    """The solution that came with a form."""
    return solution_from(None, form.get(SOLUTION_FIELD))
