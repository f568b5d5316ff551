"""Deliver: screenings go to the review API in batches, again and again until it has them.

Delivery is idempotent by the screening's id. Connection errors, 429 and 5xx are tried again with growing,
jittered pauses (``Retry-After`` is honoured); 413 halves the batch; what the API refuses, and what is left when the
tries are used up, is named as a dead letter and stays in the outbox for the next run.
"""

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from pipeline.outbox import Outbox, Parcel
from pipeline.screened import DeadLetter, dead_letter
from schemas.errors import ReviewError, ReviewUnreachable
from schemas.screening import Screening

STAGE = "deliver"
BATCH = 200  # the API's limit
TRIES = 5
PASSING_TRIES = 2  # while screening goes on; the end of the run tries harder
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 20.0
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
REST_S = 30.0  # after the tries are used up, how long screening goes on before the next attempt

ClientFactory = Callable[[], httpx.Client]


@dataclass(frozen=True, slots=True)
class OverHttp:
    """Makes a client of a review API at an address; picklable, so that it can travel to a worker.

    Attributes
    ----------
    url, key
        The API's address, and an API key that may post screenings.
    timeout_s
        Seconds that one request may take.
    """

    url: str
    key: str
    timeout_s: float = 60.0

    def __call__(self) -> httpx.Client:
        """Make the client."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=self.timeout_s)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said to one screening: ``created``, ``unchanged`` or ``refused``."""

    id: str
    status: str
    problem: str = ""


class ReviewClient:
    """Posts screenings and tells what became of each.

    Parameters
    ----------
    client
        Where to post; the caller closes it.
    tries
        How often one batch is sent before it counts as undeliverable.
    sleep
        Waits a number of seconds between tries.
    """

    def __init__(
        self, client: httpx.Client, *, tries: int = TRIES, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._client = client
        self._tries = tries
        self._sleep = sleep

    def post(self, parcels: list[Parcel]) -> Iterator[Answer]:
        """Send parcels in batches and yield one answer for each.

        Raises
        ------
        ReviewUnreachable
            The API gave no usable answer in all tries; parcels answered before it are delivered.
        """
        for start in range(0, len(parcels), BATCH):
            yield from self._post(parcels[start : start + BATCH])

    def _post(self, parcels: list[Parcel]) -> Iterator[Answer]:
        response = self._send(parcels)
        if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE and len(parcels) > 1:
            middle = len(parcels) // 2
            yield from self._post(parcels[:middle])
            yield from self._post(parcels[middle:])
        elif response.status_code in (401, 403):
            raise ReviewUnreachable(
                f"The review API does not accept the key ({response.status_code}).",
                mend="Give a key that may post screenings: liner keys create --role admin, then --review-key.",
            )
        elif response.status_code == httpx.codes.UNPROCESSABLE_ENTITY and len(parcels) > 1:
            for parcel in parcels:  # one of them breaks the whole batch: find out which
                yield from self._post([parcel])
        elif response.is_success:
            yield from _answers(response, parcels)
        else:
            problem = f"{response.status_code}: {response.text[:300]}"
            yield from (Answer(parcel.id, "refused", problem) for parcel in parcels)

    def _send(self, parcels: list[Parcel]) -> httpx.Response:
        body = '{"screenings":[' + ",".join(p.screening for p in parcels) + "]}"
        cause, wait = "", 0.0
        for attempt in range(self._tries):
            if attempt:
                self._sleep(_pause(attempt, wait))
            wait = 0.0
            try:
                response = self._client.post(
                    "/v1/screenings", content=body, headers={"Content-Type": "application/json"}
                )
            except httpx.TransportError as error:
                cause = f"{type(error).__name__}: {error}"
                continue
            if response.status_code not in RETRIED:
                return response
            cause, wait = f"it answered {response.status_code}", _retry_after(response)
        raise ReviewUnreachable(
            f"The review API could not be reached in {self._tries} tries ({cause}).",
            mend="Start it or check its address; the next run delivers what is left.",
        )


def _pause(attempt: int, wait: float) -> float:
    """Seconds before the next try: growing, spread by chance, and no shorter than the API asks."""
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempt - 1))
    jittered = random.uniform(longest / 2, longest)  # noqa: S311 - spreads clients, keeps no secret
    return max(jittered, min(wait, LONGEST_PAUSE_S))


def _retry_after(response: httpx.Response) -> float:
    try:
        return float(response.headers.get("Retry-After", ""))
    except ValueError:
        return 0.0


def _answers(response: httpx.Response, parcels: list[Parcel]) -> Iterator[Answer]:
    try:
        results = {r["id"]: Answer(r["id"], r["status"], _text(r.get("problem"))) for r in response.json()["results"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ReviewUnreachable(
            "The review API's answer is not in its form.", mend="Check that --review-url names liner's API."
        ) from error
    for parcel in parcels:
        yield results.get(parcel.id, Answer(parcel.id, "refused", "The API's answer does not name it."))


def _text(problem: object) -> str:
    if isinstance(problem, dict):
        return str(problem.get("detail") or problem.get("title") or problem)
    return str(problem or "")


def is_for_review(screening: Screening) -> bool:
    """Whether the API gets a screening: all of a sender's deliveries; of a bare catalogue what is flagged."""
    return screening.intake.message_path is not None or bool(screening.flags)


def parcel_of(screening: Screening) -> Parcel:
    """Pack a screening for the outbox."""
    return Parcel(screening.id, screening.intake.delivery_path, screening.model_dump_json())


class Courier:
    """Empties the outbox, from whichever worker has the time; one at once per process.

    Parameters
    ----------
    lake
        Whose outbox to empty.
    review
        Makes the client.
    sleep
        Waits a number of seconds between tries.
    """

    def __init__(self, lake: Path, review: ClientFactory, *, sleep: Callable[[float], object] = time.sleep) -> None:
        self._lake = lake
        self._review = review
        self._sleep = sleep
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._resting_until = 0.0

    def deliver(self) -> Counter[str]:
        """Send what was put into the outbox since; gives the outcomes.

        Returns at once while another thread delivers, and for a while after the API could not be reached.
        """
        outcomes: Counter[str] = Counter()
        if time.monotonic() < self._resting_until or not self._lock.acquire(blocking=False):
            return outcomes
        try:
            with self._outbox() as outbox:
                for parcels in _batches(outbox, refused_too=False):
                    self._send(outbox, parcels, outcomes, tries=PASSING_TRIES)
        except ReviewUnreachable:
            self._resting_until = time.monotonic() + REST_S
        finally:
            self._lock.release()
        return outcomes

    def deliver_all(self, *, tries: int = TRIES) -> tuple[Counter[str], list[DeadLetter]]:
        """Send everything that waits, also from earlier runs; a dead letter for each that stays."""
        outcomes: Counter[str] = Counter()
        letters: list[DeadLetter] = []
        with self._lock, self._outbox() as outbox:
            try:
                for parcels in _batches(outbox):
                    letters += self._send(outbox, parcels, outcomes, tries=tries)
            except ReviewUnreachable as error:
                letters += _left_over(outbox, error)
        return outcomes, letters

    def waiting(self) -> int:
        """How many screenings the review API has not taken."""
        with self._outbox() as outbox:
            return outbox.count()

    def close(self) -> None:
        """Close the client."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _outbox(self) -> contextlib.closing[Outbox]:
        return contextlib.closing(Outbox(self._lake))

    def _send(self, outbox: Outbox, parcels: list[Parcel], outcomes: Counter[str], *, tries: int) -> list[DeadLetter]:
        if self._client is None:
            self._client = self._review()
        paths = {parcel.id: parcel.path for parcel in parcels}
        letters = []
        for answer in ReviewClient(self._client, tries=tries, sleep=self._sleep).post(parcels):
            outcomes[answer.status] += 1
            if answer.status == "refused":
                outbox.note([answer.id], answer.problem)
                error = ReviewError(answer.problem or "The review API refused it.")
                letters.append(dead_letter(STAGE, paths[answer.id], error, subject_id=answer.id))
            else:
                outbox.acknowledge([answer.id])
        return letters


def _left_over(outbox: Outbox, error: ReviewUnreachable) -> list[DeadLetter]:
    return [dead_letter(STAGE, p.path, error, subject_id=p.id) for batch in _batches(outbox) for p in batch]


def _batches(outbox: Outbox, *, refused_too: bool = True) -> Iterator[list[Parcel]]:
    after = ""
    while parcels := outbox.take(BATCH, after=after, refused_too=refused_too):
        yield parcels
        after = parcels[-1].id
