"""The API's description, for programs and for people."""

from typing import Any, Final

import aiohttp_jinja2
from aiohttp import hdrs, web

from ticketd.web.api.description import Operation
from ticketd.web.pages.rendering import PAGE_HEADERS

OPENAPI: Final = web.AppKey("openapi", bytes)
"""The OpenAPI document."""

_DOCS_HEADERS: Final = {
    **PAGE_HEADERS,
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
}


@Operation(tag="Documents", answers={200: dict[str, Any]})
async def get_openapi(request: web.Request) -> web.StreamResponse:
    """This document."""
    return web.Response(body=request.app[OPENAPI], headers={hdrs.CONTENT_TYPE: "application/json"})


async def docs_page(request: web.Request) -> web.StreamResponse:
    """A page to read the document and to try the calls."""
    response = aiohttp_jinja2.render_template("api_docs.html", request, {})
    response.headers.update(_DOCS_HEADERS)
    return response
