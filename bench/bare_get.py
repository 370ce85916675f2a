"""The floor of reading: a bare aiohttp handler that answers with a JSON that never changes."""

import asyncio
import sys

import uvloop
from aiohttp import web

from bench.subjects import LISTENING


async def main(body: bytes) -> None:
    """Serve the body on any free port until the process is ended."""

    async def read(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/api/v1/events/{event_id}/availability", read)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"{LISTENING}http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1].encode()))
