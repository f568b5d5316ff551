"""What messages are measured with: ``--profile``, one that ships with liner or a file, and ``--xsd``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipeline.validate import Yardstick
    from schemas.profile import Profile

ProfileName = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="Severities of house, spotify, apple ... or of a .toml file."),
]

SchemasOption = Annotated[
    Path | None,
    typer.Option("--xsd", envvar="LINER_DDEX_XSD", metavar="DIR", help="Compare messages with DDEX's schemas."),
]


def yardstick(profile: str | None, schemas: Path | None) -> "Yardstick":
    """Bring together what messages are measured with; a folder without schemas is refused at once."""
    from pipeline.validate import Yardstick
    from schemas.ern.xsd import schema_folder

    if schemas is not None:
        schemas = schemas.absolute()
        schema_folder(schemas)
    return Yardstick(schemas=schemas, profile=named_profile(profile))


def named_profile(name: str | None) -> "Profile | None":
    """Find a profile by name or path; None for none.

    Raises
    ------
    InvalidProfile
        If there is none of that name, or the file cannot be read or applied.
    """
    if name is None:
        return None
    from schemas.errors import InvalidProfile
    from schemas.profile import parse_profile, shipped_profile

    if not name.endswith(".toml"):
        return shipped_profile(name)
    try:
        return parse_profile(Path(name).read_text("utf-8"), path=name)
    except OSError as error:
        raise InvalidProfile(f"{name} cannot be read: {error.strerror}.", mend="Check the path.") from error
    except UnicodeDecodeError as error:
        raise InvalidProfile(f"{name} is not UTF-8.", mend="Save it as UTF-8.") from error
