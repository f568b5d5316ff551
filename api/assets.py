"""What every set of pages is made of: templates to responses, and static files under their digest.

The console and the portal are such sets; the portal's stands on the console's, whose templates, macros and style
sheet it uses.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from fastapi import Response
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from schemas.errors import NotFound

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


class Assets:
    """A folder with ``templates`` and ``static``, read once.

    Parameters
    ----------
    folder
        Where the two are.
    address
        The path under which the static files are served, before their digest.
    below
        The set whose templates may be used, too.

    Attributes
    ----------
    static
        The folder of the static files.
    folders
        Where templates are looked for, in order.
    """

    def __init__(self, folder: Path, address: str, *, below: "Assets | None" = None) -> None:
        self.static = folder / "static"
        self._address = address
        self.folders: tuple[Path, ...] = (folder / "templates", *(below.folders if below else ()))

    @cached_property
    def _environment(self) -> Environment:
        return Environment(
            loader=FileSystemLoader(self.folders),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,  # else every page asks the disk for the time of each of its parts
        )

    @cached_property
    def _files(self) -> Mapping[str, Path]:
        return {path.name: path for path in sorted(self.static.iterdir()) if path.suffix in KINDS}

    @cached_property
    def version(self) -> str:
        """Digest of all static files: a changed file gets another address, so browsers may keep them for ever."""
        digest = hashlib.sha256()
        for path in self._files.values():
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    @property
    def address(self) -> str:
        """Where pages find the static files of today."""
        return f"{self._address}/{self.version}"

    def page(self, template: str, *, status: int = 200, **content: Any) -> HTMLResponse:
        """Render a page, or a part of one."""
        return HTMLResponse(self._environment.get_template(template).render(content), status_code=status)

    def file(self, version: str, name: str) -> Response:
        """Give a static file; only names that exist can be asked for.

        Raises
        ------
        NotFound
            There is no such file.
        """
        path = self._files.get(name)
        if path is None:
            raise NotFound("There is no such file.")
        caching = FOR_EVER if version == self.version else {"Cache-Control": "no-cache"}
        return FileResponse(path, media_type=KINDS[path.suffix], headers=caching)
