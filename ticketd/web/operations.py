"""For those who run the server: does it live, is it ready, how is it doing."""

from typing import Final

import orjson
from aiohttp import hdrs, web

from ticketd.metrics import CONTENT_TYPE
from ticketd.web.answers import Answer, head
from ticketd.web.context import SERVICES

_STATE: Final = {
    status: head(status, {hdrs.CONTENT_TYPE: "application/json", hdrs.CACHE_CONTROL: "no-store"})
    for status in (200, 503)
}
_METRICS: Final = head(200, {hdrs.CONTENT_TYPE: CONTENT_TYPE})


async def healthz(request: web.Request) -> Answer:
    """200 as long as the process answers at all."""
    return _state({"status": "alive"}, status=200)


async def readyz(request: web.Request) -> Answer:
    """200 if guests can be served, 503 with what is missing if not."""
    checks = await request.app[SERVICES].readiness()
    ready = all(checks.values())
    return _state(
        {"status": "ready" if ready else "not ready", "checks": dict(checks)}, status=200 if ready else 503
    )


async def metrics(request: web.Request) -> Answer:
    """Every counter, in Prometheus' text format."""
    return Answer(_METRICS, request.app[SERVICES].metrics.render())


def _state(state: dict[str, object], *, status: int) -> Answer:
    return Answer(_STATE[status], orjson.dumps(state))
