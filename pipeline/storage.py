"""Remote audio: ``s3://`` and ``gs://`` URIs as local files for as long as they are listened to.

Beam's FileSystems do the reading, so credentials and endpoints are theirs; the extras ``s3`` and
``gs`` of the distribution bring the client libraries.
"""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from schemas.errors import InvalidInput, UnsafePath

REMOTE_SCHEMES = {"s3": "s3", "gs": "gs"}  # scheme: extra that brings its client
COPY_BYTES = 1024 * 1024
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def scheme_of(uri: str) -> str | None:
    """Name the scheme of a URI in lower case; None for a plain path.

    Examples
    --------
    >>> scheme_of("s3://bucket/a.flac"), scheme_of("music/a.flac")
    ('s3', None)
    """
    match = _SCHEME.match(uri)
    return match.group(1).lower() if match else None


def is_remote(uri: str) -> bool:
    """Whether a URI names an object of a store that liner can read."""
    return scheme_of(uri) in REMOTE_SCHEMES


def local_path(uri: str) -> str:
    """Turn a ``file://`` URI or a plain path into a path.

    Raises
    ------
    UnsafePath
        Any other scheme: liner downloads nothing from the web.
    """
    scheme = scheme_of(uri)
    if scheme is None:
        return uri
    if scheme == "file":
        return unquote(urlsplit(uri).path)
    raise UnsafePath(
        f"{uri!r} has the scheme {scheme}, which is not opened.",
        mend="Use a path, or file://, s3:// or gs://.",
    )


@contextlib.contextmanager
def localised(uri: str) -> Iterator[str]:
    """Give a local path for a URI; a remote object is a temporary file inside the block.

    Raises
    ------
    InvalidInput
        The object cannot be read, or the extra that reads its store is not installed.
    """
    if not is_remote(uri):
        yield local_path(uri)
        return
    with tempfile.NamedTemporaryFile(prefix="liner-", suffix=PurePosixPath(uri).suffix) as target:
        _download(uri, Path(target.name))
        yield target.name


def _download(uri: str, target: Path) -> None:
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415 - loads Beam; most runs have no remote URI

    scheme = scheme_of(uri) or ""
    try:
        with FileSystems.open(uri) as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, COPY_BYTES)
    except (ImportError, ValueError) as error:
        raise InvalidInput(
            f"{uri} cannot be read: the client for {scheme}:// is not installed.",
            mend=f"Install it: pip install 'linernotes[{REMOTE_SCHEMES[scheme]}]'.",
        ) from error
    except Exception as error:  # every store's client has its own tree of errors
        raise InvalidInput(
            f"{uri} cannot be read: {error}", mend="Check the address and the credentials of the environment."
        ) from error
