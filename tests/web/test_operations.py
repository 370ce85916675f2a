"""For those who run the server."""

from tests.web.api.conftest import Client, client, house
from tests.web.api.house import House

__all__ = ["client", "house"]


async def test_a_process_that_answers_is_alive(client: Client, house: House) -> None:
    house.ready["database"] = False
    response = await client.get("/healthz")
    assert (response.status, await response.json()) == (200, {"status": "alive"})


async def test_ready_means_that_everything_holds(client: Client, house: House) -> None:
    assert (await client.get("/readyz")).status == 200
    house.ready["database"] = False
    response = await client.get("/readyz")
    assert response.status == 503
    assert await response.json() == {
        "status": "not ready",
        "checks": {"database": False, "actors": True},
    }


async def test_metrics_are_told_in_prometheus_words(client: Client) -> None:
    response = await client.get("/metrics")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "conservation_broken 0.0" in await response.text()
