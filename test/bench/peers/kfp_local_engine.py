"""Runs one IR file through kfp.local's SubprocessRunner and prints the seconds that the run itself took.

The file's pip part is neutralised by whoever wrote it: with use_venv=False it would change this environment.
"""

import contextlib
import io
import sys
import tempfile
import time

from kfp import components, local

local.init(
    runner=local.SubprocessRunner(use_venv=False),
    pipeline_root=tempfile.mkdtemp(),
    raise_on_error=True,
)
pipeline = components.load_component_from_file(sys.argv[1])
with contextlib.redirect_stdout(io.StringIO()):
    start = time.perf_counter()
    pipeline()
    seconds = time.perf_counter() - start
print(seconds)
