"""`make bench ARGS="duplicates --million --copies-of-one"` from its first line to its last, with small numbers."""

import collections
import sys

from benchmarks import duplicates


def test_every_table_of_the_measurement_is_printed(monkeypatch, capsys, tmp_path):
    small = {"SIZES": (150,), "MILLION": 250, "QUERIES": 10, "COPIES": 0.5, "FAR": 1 << 14}
    for name, value in small.items():
        monkeypatch.setattr(duplicates, name, value)
    monkeypatch.setattr(duplicates, "_single", lambda: collections.defaultdict(lambda: 1.0))
    monkeypatch.setattr(duplicates, "_child", duplicates.measure)
    monkeypatch.setenv("LINER_BENCH_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["duplicates", "--million", "--copies-of-one"])

    duplicates.main()

    said = [line for line in capsys.readouterr().out.splitlines() if line and not line.startswith(" ")]
    assert [line.split()[0] for line in said] == ["One", "Join", "One", "Projected", "Add,", "Join"]
    assert "250" in said[1]
    assert "500" in said[5]
    assert list(tmp_path.iterdir()) == []
