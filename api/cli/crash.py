"""What a person sees of a mistake of liner's own: a sentence, and a file for whoever mends it."""

import os
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from api.cli.reporting import plain
from schemas.versions import ENGINE


def report(error: Exception) -> Iterator[str]:
    """Write the traceback to a file, and say in two lines what happened and where the file is.

    The file lies in ``LINER_HOME/logs``, or with the temporary files where that cannot be written. It names
    lines of code and the error, never the values of variables: they may be keys or people's words.
    """
    yield f"liner: unexpected {type(error).__name__}: {plain(str(error)) or 'no further text'}"
    name = f"crash-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.log"
    text = f"{ENGINE}\n\n{''.join(traceback.format_exception(error))}".encode("utf-8", "backslashreplace")
    for folder in (Path(os.environ.get("LINER_HOME", ".liner")).expanduser() / "logs", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "wb") as stream:
                stream.write(text)
        except OSError:
            continue
        yield f"  This is a mistake in liner. The details are in {folder / name}"
        return
    yield "  This is a mistake in liner. Run it again with LINER_DEBUG=1 for the details."
