"""The pipeline's way into the review without a network, beside a service that runs."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from fixtures_api import Api, as_json, make_api, make_screening, run_aside

from api.inprocess import client
from api.settings import Settings


def test_a_worker_makes_its_own_client_and_is_trusted(tmp_path, database_url):
    settings = Settings(home=tmp_path, database_url=database_url)
    factory = pickle.loads(pickle.dumps(partial(client, settings)))

    with factory() as pipeline:
        answer = pipeline.post("/v1/screenings", json=as_json(make_screening(1, "AID-002")))

        assert answer.status_code == 200
        about = pipeline.get("/v1/me").json()
        assert (about["name"], about["role"], about["account"]) == ("pipeline", "service", None)


def test_threads_and_a_running_service_share_the_database(tmp_path, database_url):
    settings = Settings(home=tmp_path, database_url=database_url)
    served = Api(settings)
    pipelines = [client(settings), client(settings)]

    def send(number):
        batch = [make_screening(10 * number + n, "AID-002") for n in range(10)]
        answer = pipelines[number % 2].post("/v1/screenings", json=as_json(*batch))
        return [one["status"] for one in answer.json()["results"]]

    def look(_):
        return served.moderator.get("/v1/cases").status_code

    with ThreadPoolExecutor(6) as threads:
        sent = [threads.submit(send, number) for number in range(12)]
        looks = list(threads.map(look, range(20)))

    assert [one.result() for one in sent] == [["created"] * 10] * 12
    assert {200} == set(looks)
    assert served.moderator.get("/v1/cases").json()["total"] == 120
    for one in (*pipelines, served.moderator):
        one.close()


def test_a_thread_with_a_running_event_loop_may_ask(tmp_path, sqlite_template):
    """A notebook's cells, and whatever drives a browser, run inside a loop."""
    settings = make_api(tmp_path / "home", sqlite_template).settings

    async def ask():
        with client(settings) as pipeline:
            return pipeline.get("/v1/me").status_code

    assert run_aside(ask()) == 200


def test_nobody_is_trusted_by_what_they_send(api):
    for name in ("liner.actor", "liner-actor", "x-liner-actor"):
        assert api.client(**{name: "pipeline"}).get("/v1/me").status_code == 401
