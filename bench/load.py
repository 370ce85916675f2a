"""Closed-loop load on one URL: `wrk` where it is installed, else a client of our own."""

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

_SCRIPT = """
wrk.method = "POST"
wrk.body = [[{body}]]
wrk.headers["Content-Type"] = "application/json"
done = function(summary, latency)
  io.write(string.format("measured %d %d %.6f %.6f %.6f\\n", summary.requests, summary.errors.status,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""
_MEASURED = re.compile(r"^measured (\S+) (\S+) (\S+) (\S+) (\S+)$", re.MULTILINE)


class Load(NamedTuple):
    """What a client saw."""

    requests: int
    errors: int
    """Answers other than 2xx and 3xx."""
    seconds: float
    p50_ms: float
    p99_ms: float


def client_name() -> str:
    """The client that `run` uses here."""
    return "wrk" if shutil.which("wrk") else "bench.load"


def run(url: str, body: bytes, *, connections: int, seconds: int) -> Load:
    """POST the body over and over on so many connections."""
    if shutil.which("wrk"):
        return _wrk(url, body, connections, seconds)
    command = [sys.executable, "-m", "bench.load", url, body.decode(), str(connections), str(seconds)]
    return Load(
        *msgspec.json.decode(subprocess.check_output(command), type=tuple[int, int, float, float, float])
    )


def _wrk(url: str, body: bytes, connections: int, seconds: int) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        Path(script.name).write_text(_SCRIPT.replace("{body}", body.decode()), encoding="utf-8")
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name, url]
        output = subprocess.check_output(command, text=True)
    measured = _MEASURED.search(output)
    if measured is None:
        raise SystemExit(f"wrk measured nothing:\n{output}")
    requests, errors, took, p50, p99 = measured.groups()
    return Load(int(requests), int(errors), float(took), float(p50), float(p99))


class _Connection(asyncio.Protocol):
    """Sends the request again as soon as its answer is complete."""

    def __init__(self, request: bytes, latencies: list[float], statuses: list[int]) -> None:
        self._request = request
        self._latencies = latencies
        self._statuses = statuses
        self._received = bytearray()
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        assert isinstance(self._transport, asyncio.Transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if separator and length is not None and len(rest) >= int(length[1]):
            self._latencies.append(time.perf_counter() - self._sent_at)
            self._statuses.append(int(head[9:12]))
            self._received.clear()
            self._send()


async def _own_client(url: str, body: bytes, connections: int, seconds: int) -> Load:
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    latencies: list[float] = []
    statuses: list[int] = []
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    transports = [
        (
            await loop.create_connection(
                lambda: _Connection(request, latencies, statuses), str(parts.hostname), parts.port or 80
            )
        )[0]
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    for transport in transports:
        transport.abort()
    ordered = sorted(latencies)
    errors = sum(status >= 400 for status in statuses)
    p50, p99 = (ordered[int(len(ordered) * share)] * 1000 for share in (0.5, 0.99))
    return Load(len(ordered), errors, took, p50, p99)


if __name__ == "__main__":
    import uvloop

    target, content, count, length = sys.argv[1:]
    print(
        msgspec.json.encode(
            uvloop.run(_own_client(target, content.encode(), int(count), int(length)))
        ).decode()
    )
