import json

import pytest

from api.cli import app as cli
from schemas.errors import InvalidInput

SECRET = "session-token-of-mia"


@pytest.fixture
def broken(monkeypatch, tmp_path):
    monkeypatch.setenv("LINER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LINER_DEBUG", raising=False)

    def command():
        csrf_token = SECRET
        raise KeyError(f"what\x1b[2Jever {len(csrf_token)}")

    monkeypatch.setattr(cli, "app", command)
    return tmp_path


def exit_code():
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return stopped.value.code


def test_a_mistake_of_liner_is_a_sentence_and_a_file(broken, capsys):
    assert exit_code() == 70

    said = capsys.readouterr()
    (log,) = (broken / "home" / "logs").iterdir()
    assert said.out == ""
    assert "unexpected KeyError: 'what" in said.err
    assert str(log) in said.err
    assert "Traceback" not in said.err
    assert "\x1b[2J" not in said.err
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_values_of_variables_stay_out_of_the_file(broken):
    exit_code()

    assert SECRET not in next((broken / "home" / "logs").iterdir()).read_text()


def test_where_the_home_cannot_be_written_the_file_is_temporary(broken, monkeypatch, capsys):
    (broken / "home").write_text("a file")
    monkeypatch.setattr("tempfile.tempdir", str(broken / "tmp"))

    assert exit_code() == 70
    assert str(broken / "tmp" / "crash-") in capsys.readouterr().err


def test_whoever_debugs_sees_the_traceback(broken, monkeypatch):
    monkeypatch.setenv("LINER_DEBUG", "1")

    with pytest.raises(KeyError):
        cli.main()


def test_a_problem_with_names_of_strangers_moves_no_cursor(monkeypatch, capsys):
    def command():
        raise InvalidInput(f"No column {json.dumps('x')}\x1b]0;owned\x07.", mend="Write\x1b[2J it anew.")

    monkeypatch.setattr(cli, "app", command)

    assert exit_code() == 2
    assert "\x1b]" not in capsys.readouterr().err
