"""For those who run the server: does it live, is it ready, how is it doing."""

import orjson
from aiohttp import hdrs, web

from ticketd.metrics import CONTENT_TYPE
from ticketd.web.context import SERVICES


async def healthz(request: web.Request) -> web.Response:
    """200 as long as the process answers at all."""
    return _state({"status": "alive"}, status=200)


async def readyz(request: web.Request) -> web.Response:
    """200 if guests can be served, 503 with what is missing if not."""
    checks = await request.app[SERVICES].readiness()
    ready = all(checks.values())
    return _state(
        {"status": "ready" if ready else "not ready", "checks": dict(checks)}, status=200 if ready else 503
    )


async def metrics(request: web.Request) -> web.Response:
    """Every counter, in Prometheus' text format."""
    return web.Response(
        body=request.app[SERVICES].metrics.render(), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE}
    )


def _state(state: dict[str, object], *, status: int) -> web.Response:
    return web.Response(
        body=orjson.dumps(state),
        status=status,
        headers={hdrs.CONTENT_TYPE: "application/json", hdrs.CACHE_CONTROL: "no-store"},
    )
