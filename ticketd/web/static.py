"""Files that browsers fetch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from ticketd.core.refusals import Reason, Refusal
from ticketd.paths import site_root
from ticketd.web.parsing import RefusedRequest

_FILES: Final = web.AppKey("static_files", Mapping[str, Path])

_KEPT: Final = "public, max-age=31536000, immutable"
"""For an address with `?v=`, which changes with the file."""

_ASKED_AGAIN: Final = "no-cache"


def setup(app: web.Application) -> None:
    """Find the files once: what isn't among them at the start can't be fetched."""
    root = site_root() / "static"
    app[_FILES] = {file.relative_to(root).as_posix(): file for file in root.rglob("*") if file.is_file()}


async def get_static(request: web.Request) -> web.StreamResponse:
    """A file, or 304 if the browser has it already."""
    file = request.app[_FILES].get(request.match_info["path"])
    if file is None:
        raise RefusedRequest(Refusal(Reason.NOT_FOUND))
    return web.FileResponse(
        file,
        headers={
            hdrs.CACHE_CONTROL: _KEPT if "v" in request.query else _ASKED_AGAIN,
            "X-Content-Type-Options": "nosniff",
        },
    )
