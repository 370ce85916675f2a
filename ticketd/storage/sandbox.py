"""What the sandbox gateway has said, as durable and final as a bank's word."""

from collections.abc import Sequence
from typing import NamedTuple

from ticketd.gathering import Gathering
from ticketd.ports import StorageUnavailable
from ticketd.storage.dedicated import DedicatedConnection

# A conflict changes nothing, but waits for a word that is just being said elsewhere, and returns it.
RECORD = """
INSERT INTO sandbox_attempt (attempt_id, verdict, amount_cents)
SELECT u.* FROM unnest($1::text[], $2::text[], $3::bigint[]) AS u
ON CONFLICT (attempt_id) DO UPDATE SET verdict = sandbox_attempt.verdict
RETURNING attempt_id, verdict
"""


class _Attempt(NamedTuple):
    attempt_id: str
    verdict: str
    amount_cents: int


class AttemptStore:
    """The first word on each attempt.

    Not fenced, as a bank isn't: what a superseded process still charges is found by those who look it up.
    """

    def __init__(self, connection: DedicatedConnection) -> None:
        self._connection = connection
        self._gathering = Gathering(self._write, outages=(StorageUnavailable,))

    async def record(self, attempt_id: str, verdict: str, amount_cents: int) -> str:
        """The verdict that counts, durably: this one, or one before it.

        StorageUnavailable leaves in doubt what was recorded.
        """
        return await self._gathering.add(_Attempt(attempt_id, verdict, amount_cents))

    async def _write(self, attempts: Sequence[_Attempt]) -> Sequence[str]:
        first = {attempt.attempt_id: attempt for attempt in reversed(attempts)}
        # In one order everywhere: two processes can't each wait for the other's word.
        columns = map(list, zip(*sorted(first.values()), strict=True))
        rows = await self._connection.fetch(RECORD, *columns)
        verdicts = {row["attempt_id"]: row["verdict"] for row in rows}
        return [verdicts[attempt.attempt_id] for attempt in attempts]
