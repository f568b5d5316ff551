"""Every command of `liner` explains itself with an example, and some test calls it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from api.cli.app import app


def words_of(path: Path) -> set[str]:
    """Every word of a file's texts; none where it does not run the command line."""
    text = path.read_text("utf-8")
    if path == Path(__file__) or not re.search(r"api\.cli|\bliner\b", text):
        return set()
    texts = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return {word for one in texts if isinstance(one, str) and "\n" not in one for word in one.split()}


CALLS = [words_of(path) for path in Path(__file__).parents[1].rglob("test_*.py")]


def walk(command: click.Command, names: tuple[str, ...] = (), above: str = "") -> Iterator[tuple[tuple[str, ...], str]]:
    """Every command below one, with its help and its groups'."""
    said = f"{above}\n{command.help or ''}\n{command.epilog or ''}"
    commands = getattr(command, "commands", None)
    if commands is None:
        yield names, said
        return
    for name, one in commands.items():
        yield from walk(one, (*names, name), said)


COMMANDS = dict(walk(get_command(app)))


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_a_command_has_an_example(names):
    assert re.search(rf"liner {' '.join(names)}\b", COMMANDS[names])


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_some_test_calls_the_command(names):
    """Its words stand in the calls of one file that runs the command line."""
    assert any(words.issuperset(names) for words in CALLS), f"no test calls liner {' '.join(names)}"


def test_a_wrong_word_ends_with_two():
    assert CliRunner().invoke(app, ["modles", "list"]).exit_code == 2


def test_help_loads_nothing_heavy():
    """What a shell waits for: no rules, no language tables, no web client, no numbers, no database."""
    heavy = ("schemas.rules", "langcodes", "httpx", "numpy", "fastapi", "sqlalchemy", "apache_beam", "pyarrow")
    script = f"import sys; import api.cli.app; print([one for one in {heavy} if one in sys.modules])"

    told = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"
