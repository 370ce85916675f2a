"""Closed-loop load: every connection asks again as soon as it is answered."""

import asyncio
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

import uvloop

from bench.client import Connection, connected, request
from bench.rounds import percentile

# The requests of the bodies in a file, one a line, over and over; with a key that nobody has used if wanted.
_POSTS = """
local bodies, requests, sent = {}, {}, 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
for body in io.lines("{bodies}") do bodies[#bodies + 1] = body end
function init()
  for i, body in ipairs(bodies) do requests[i] = wrk.format(nil, nil, nil, body) end
end
function request()
  sent = sent + 1
  local i = sent % #bodies + 1
  if "{key}" == "" then return requests[i] end
  wrk.headers["Idempotency-Key"] = "{key}" .. sent
  return wrk.format(nil, nil, nil, bodies[i])
end
"""
_SUMMARY = """
function done(summary, latency)
  io.write(string.format("measured %d %d %.6f %.6f %.6f\\n", summary.requests, summary.errors.status,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""
_MEASURED = re.compile(r"^measured (\S+) (\S+) (\S+) (\S+) (\S+)$", re.MULTILINE)

Script = Callable[[Connection], Awaitable[bool]]
"""What one guest does on one connection; whether all answers were good."""


class Load(NamedTuple):
    """What a client saw."""

    requests: int
    """Or, with a script, how often it came to its end."""
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float


def client_name() -> str:
    """The client that `post` uses here."""
    return "wrk" if shutil.which("wrk") else "bench.load"


def post(
    url: str, bodies: Sequence[bytes], *, connections: int, seconds: float, with_keys: bool = False
) -> Load:
    """POST these bodies over and over, by `wrk` where it is installed, else by a client of our own."""
    key = uuid.uuid4().hex if with_keys else ""
    if shutil.which("wrk"):
        return _wrk(url, bodies, connections, seconds, key)
    numbers = count()

    async def ask_next(connection: Connection) -> bool:
        number = next(numbers)
        headers = {"Idempotency-Key": f"{key}{number}"} if key else {}
        answer = await connection.ask(request("POST", url, bodies[number % len(bodies)], headers))
        return answer.status < 400

    return play(url, ask_next, connections=connections, seconds=seconds)


def get(url: str, headers: Mapping[str, str], *, connections: int, seconds: float) -> Load:
    """GET the same over and over, by `wrk` where it is installed, else by a client of our own."""
    if shutil.which("wrk"):
        return _run_wrk(_SUMMARY, url, connections, seconds, headers)
    sent = request("GET", url, headers=headers)

    async def ask(connection: Connection) -> bool:
        return (await connection.ask(sent)).status < 400

    return play(url, ask, connections=connections, seconds=seconds)


def _wrk(url: str, bodies: Sequence[bytes], connections: int, seconds: float, key: str) -> Load:
    with tempfile.TemporaryDirectory(prefix="ticketd-bench-") as directory:
        lines = Path(directory) / "bodies"
        lines.write_bytes(b"\n".join(bodies))
        script = _POSTS.replace("{bodies}", str(lines)).replace("{key}", key) + _SUMMARY
        return _run_wrk(script, url, connections, seconds, {})


def _run_wrk(script: str, url: str, connections: int, seconds: float, headers: Mapping[str, str]) -> Load:
    with tempfile.NamedTemporaryFile("w", prefix="ticketd-bench-", suffix=".lua", encoding="utf-8") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", file.name, url]
        for name, value in headers.items():
            command += ["-H", f"{name}: {value}"]
        output = subprocess.check_output(command, text=True)
    measured = _MEASURED.search(output)
    if measured is None:
        raise SystemExit(f"wrk measured nothing:\n{output}")
    requests, errors, took, p50, p99 = measured.groups()
    return Load(int(requests), int(errors), float(took), float(p50), float(p99))


def play(url: str, script: Script, *, connections: int, seconds: float) -> Load:
    """Play the script over and over on so many connections."""
    return uvloop.run(_play(url, script, connections, seconds))


async def _play(url: str, script: Script, connections: int, seconds: float) -> Load:
    latencies: list[float] = []
    errors = 0

    async def repeat(connection: Connection) -> None:
        nonlocal errors
        while (began := time.perf_counter()) < end:
            errors += not await script(connection)
            latencies.append(time.perf_counter() - began)

    async with connected(url, connections) as guests:
        begin = time.perf_counter()
        end = begin + seconds
        await asyncio.gather(*map(repeat, guests))
        took = time.perf_counter() - begin
    latencies.sort()
    p50, p99 = (percentile(latencies, share) * 1000 for share in (0.5, 0.99))
    return Load(len(latencies), errors, took, p50, p99)
