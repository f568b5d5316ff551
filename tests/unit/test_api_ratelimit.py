"""Who sends too much waits, and nobody waits for somebody else."""

import httpx
import pytest
from fixtures_api import Api

from api.inprocess import InProcessTransport
from api.ratelimit import BURST_S, Buckets
from api.settings import Settings
from api.shared_buckets import SETS, WAYS, SharedBuckets, SharedNames, SharedTable


class Time:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def slow(sqlite_template, tmp_path, monkeypatch):
    """A service of one request a second, whose clock stands still: a busy machine would refill the buckets."""
    monkeypatch.setitem(Buckets.__init__.__kwdefaults__, "now", Time())
    home = tmp_path / "home"
    home.mkdir()
    (home / "review.db").write_bytes(sqlite_template.read_bytes())
    made = Api(Settings(home=home, review_rules="at-once", rate_per_key=1, rate_per_address=1))
    yield made
    made.db.close()


def codes(client, number, path="/v1/me"):
    return [client.get(path).status_code for _ in range(number)]


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_bucket_gives_its_burst_and_then_its_rate(tmp_path, is_shared):
    time = Time()
    table = SharedTable(tmp_path / "keys", now=time)
    buckets = SharedBuckets(table, 2.0) if is_shared else Buckets(2.0, now=time)

    assert [buckets.take("a") for _ in range(int(2 * BURST_S))] == [0.0] * int(2 * BURST_S)
    assert buckets.take("a") == pytest.approx(0.5)
    assert buckets.take("b") == 0.0
    time.now += 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0.0, pytest.approx(0.5)]


def test_processes_that_share_a_file_share_the_buckets(tmp_path):
    time = Time()
    first, second = (SharedBuckets(SharedTable(tmp_path / "keys", now=time), 1.0) for _ in range(2))

    taken = [one.take("a") for _ in range(4) for one in (first, second)]

    assert taken == [0.0] * 5 + [1.0] * 3
    assert second.take("b") == 0.0


def test_of_more_names_than_there_is_room_for_the_latest_are_known(tmp_path):
    time = Time()
    table = SharedTable(tmp_path / "good", now=time)
    good = SharedNames(table)
    names = [f"key {number}" for number in range(30_000)]
    for name in names:
        time.now += 1.0
        good.set(name, is_good=True)

    assert all(name in good for name in names[-2000:])
    assert sum(name in good for name in names) <= SETS * WAYS
    good.set(names[-1], is_good=False)
    assert names[-1] not in SharedNames(SharedTable(tmp_path / "good"))


def test_a_rate_of_zero_is_no_limit():
    buckets = Buckets(0.0)

    assert sum(buckets.take("a") for _ in range(1000)) == 0.0


def test_a_key_that_sends_too_much_waits_and_others_do_not(slow):
    slow.moderator.get("/v1/me")  # now the key is known to be good, and has a bucket of its own
    seen = codes(slow.moderator, 7)
    answer = slow.moderator.get("/v1/me")

    assert (seen[:5], seen[6]) == ([200] * 5, 429)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.headers["retry-after"], answer.json()["code"]) == ("1", "too-many-requests")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert slow.label.get("/v1/me").status_code in {200, 429}  # its first request counts against the address


def test_guessing_keys_counts_against_the_address(slow):
    def guess(number):
        transport = InProcessTransport(slow.app, actor=None)
        with httpx.Client(transport=transport, base_url="http://liner.test") as client:
            return client.get("/v1/me", headers={"authorization": f"Bearer liner_{number}"}).status_code

    assert [guess(n) for n in range(6)] == [401] * 5 + [429]


def test_a_known_key_is_not_held_up_by_strangers_at_its_address(slow):
    assert slow.moderator.get("/v1/me").status_code == 200
    codes(slow.anonymous, 10, "/docs")

    assert slow.moderator.get("/v1/me").status_code == 200


def test_machines_that_watch_the_service_are_never_refused(slow):
    assert set(codes(slow.anonymous, 20, "/livez")) == {200}


def test_the_limits_are_generous_unless_set(api):
    assert set(codes(api.moderator, 60)) == {200}


def test_every_operation_says_which_problems_it_answers_with(api):
    paths = api.anonymous.get("/openapi.json").json()["paths"]

    for operations in paths.values():
        for operation in operations.values():
            assert {"401", "403", "404", "409", "413", "422", "429", "503"} <= set(operation["responses"])
            assert "application/problem+json" in operation["responses"]["422"]["content"]
