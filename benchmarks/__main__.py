"""Run the benchmarks by name: broken, check, duplicates, fingerprint, listen, pipeline, review; all without a name."""

import importlib
import platform
import sys

NAMES = ("broken", "check", "duplicates", "fingerprint", "listen", "pipeline", "review")


def main() -> None:
    """Run the named benchmarks, each printing its own table."""
    wanted = [name for name in sys.argv[1:] if not name.startswith("--")] or list(NAMES)  # options are for one of them
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        sys.exit(f"no benchmark called {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    print(f"Python {platform.python_version()}, {platform.machine()}; CPU seconds: user + system, children included.")
    for name in wanted:
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
