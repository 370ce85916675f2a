"""The floor of reading: a bare aiohttp handler that answers with a JSON that never changes."""

import sys

import uvloop
from aiohttp import web

from bench.bare import serve


def constant(body: bytes) -> web.RouteDef:
    """The route of an event's availability, which is always this body."""

    async def read(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    return web.get("/api/v1/events/{event_id}/availability", read)


if __name__ == "__main__":
    uvloop.run(serve(constant(sys.argv[1].encode())))
