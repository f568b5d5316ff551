"""Where the reference data lies, out of which seeds are taken at run time."""

import os
from pathlib import Path

SHARED = Path(os.environ.get("LINER_SHARED", Path(__file__).parents[3] / "shared"))
