"""The floor: a bare aiohttp handler that parses the same JSON and answers."""

import asyncio

import orjson
import uvloop
from aiohttp import web

from bench.subjects import LISTENING


async def reserve(request: web.Request) -> web.Response:
    """Parse and answer; nothing is validated, decided or kept."""
    line = orjson.loads(await request.read())["lines"][0]
    body = orjson.dumps({"ticket_type_id": line["ticket_type_id"], "quantity": line["quantity"]})
    return web.Response(body=body, status=201, content_type="application/json")


async def serve(route: web.RouteDef) -> None:
    """Answer at this one URL, on any free port, until the process is ended."""
    app = web.Application()
    app.add_routes([route])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"{LISTENING}http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(web.post("/api/v1/reservations", reserve)))
