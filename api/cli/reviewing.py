"""A review service for the command line: JSON in and out, its problems as liner's errors."""

from types import TracebackType
from typing import Any, Self

from api.settings import Settings
from schemas.errors import InvalidInput, ReviewError, ReviewUnreachable

TIMEOUT_S = 30.0


class Review:
    """A client of the service that the settings name, or of another; closed at the end of a ``with`` block.

    Raises
    ------
    InvalidInput
        No key is set.
    """

    def __init__(self, url: str | None = None, key: str | None = None) -> None:
        import httpx  # it takes a tenth of a second, which `liner --help` does not wait for

        settings = Settings()
        key = key or settings.review_key.get_secret_value()
        if not key:
            raise InvalidInput("There is no key.", mend="Set LINER_REVIEW_KEY; liner keys create makes one.")
        self._client = httpx.Client(
            base_url=url or settings.review_url or settings.public_url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT_S,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """Read something; empty parameters are left out."""
        given = {name: value for name, value in query.items() if value not in {"", None}}
        return self._ask("GET", path, params={name: _word(value) for name, value in given.items()})

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a command."""
        return self._ask(method, path, json=body)

    def version(self, case_id: str) -> int:
        """Read a case's version as of now."""
        return int(self.get(f"/v1/cases/{case_id}")["case"]["version"])

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        import httpx

        try:
            answer = self._client.request(method, path, **more)
            said = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ReviewUnreachable(
                f"{self._client.base_url} gives no usable answer: {type(error).__name__}.",
                mend="Check LINER_REVIEW_URL, and that liner serve is running.",
            ) from error
        if not isinstance(said, dict):
            raise ReviewUnreachable(f"{self._client.base_url} is no liner.", mend="Check LINER_REVIEW_URL.")
        if answer.is_error:
            raise ReviewError(str(said.get("detail", answer.reason_phrase)), mend=str(said.get("mend", "")))
        return said


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
