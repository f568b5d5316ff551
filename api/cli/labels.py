"""The `liner labels` commands: decisions as a labelled set."""

import secrets
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.settings import Settings
from schemas.errors import InvalidInput
from schemas.versions import ENGINE

if TYPE_CHECKING:
    import pyarrow as pa

    from api.services.labels import Label

labels_app = typer.Typer(no_args_is_help=True, help="What people decided, as a labelled set to learn from.")


def mount(app: typer.Typer) -> None:
    """Add the commands to `liner`."""
    app.add_typer(labels_app, name="labels")


@labels_app.command("export")
def export(
    out: Annotated[Path, typer.Argument(help="The Parquet file to write.")],
    *,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            "--secret", help="A file whose bytes make the pseudonyms; without, they are of this export alone."
        ),
    ] = None,
) -> None:
    """Write every decision that stands as a row: evidence, versions, decision, who agreed and where it holds.

    Left out are questions to labels, cases that are open again, decisions that were overturned on appeal or recalled.
    Where moderators or territories disagree, the row says so. Reviewers are pseudonyms.

    \b
    liner labels export labels.parquet
    liner labels export labels.parquet --secret reviewers.key
    """
    import pyarrow.parquet as pq

    from api.services import keys, labels
    from api.store.database import open_database

    secret = _secret(secret_file)
    database = open_database(Settings().database_url)
    counts, rows, disagreed = Counter[str](), 0, 0
    part = out.with_name(out.name + ".part")
    try:
        with pq.ParquetWriter(part, _schema(), compression="zstd") as writer:
            for page in labels.export(database, keys.TERMINAL, secret=secret):
                counts.update(page.left_out)
                rows += len(page.labels)
                disagreed += sum(one.moderators_disagree or one.territories_disagree for one in page.labels)
                if page.labels:
                    writer.write_table(_table(page.labels))
            writer.add_key_value_metadata({f"left out: {why}": str(number) for why, number in counts.items()})
        part.rename(out)
    except OSError as error:
        raise InvalidInput(f"{out} cannot be written: {error.strerror}.", mend="Choose another place.") from error
    finally:
        part.unlink(missing_ok=True)
        database.close()
    typer.echo(f"{out}: {rows:,} labels, of which people or territories disagree on {disagreed:,}.")
    for why, number in sorted(counts.items()):
        typer.echo(f"  left out: {number:,} {why}")


def _secret(path: Path | None) -> bytes:
    if path is None:
        return secrets.token_bytes(32)
    try:
        secret = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    if len(secret) < 16:
        raise InvalidInput(f"{path} is too short for a secret.", mend="Give at least 16 random bytes.")
    return secret


def _schema() -> "pa.Schema":
    import pyarrow as pa

    text, texts = pa.string(), pa.list_(pa.string())
    signal = pa.struct([("name", text), ("value", pa.float64()), ("probability", pa.float64()), ("model", text)])
    texts_of = ("case_id", "decision_id", "screening_id", "recording_key", "isrc", "audio_sha256", "sender_id")
    return pa.schema(
        [
            *((name, text) for name in texts_of),
            ("genres", texts),
            ("territories", texts),
            ("declared", text),
            ("action", text),
            ("is_upheld", pa.bool_()),
            ("decided_at", pa.timestamp("us", tz="UTC")),
            ("is_second_looked", pa.bool_()),
            ("reviewer", text),
            ("opinions", pa.list_(pa.struct([("reviewer", text), ("action", text)]))),
            ("agreement", pa.float64()),
            ("moderators_disagree", pa.bool_()),
            ("by_territory", pa.list_(pa.struct([("territory", text), ("action", text)]))),
            ("territories_disagree", pa.bool_()),
            ("policy", text),
            ("engine", text),
            ("models", texts),
            ("flags", texts),
            ("signals", pa.list_(signal)),
        ],
        metadata={"made_by": ENGINE},
    )


def _table(found: "list[Label]") -> "pa.Table":
    import pyarrow as pa

    return pa.Table.from_pylist([one.model_dump() for one in found], schema=_schema())
