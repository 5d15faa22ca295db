"""Compiles every Python file of a folder as the SDK does: python compile_folder.py FOLDER < {"name": "function"}.

Beside each NAME.py there will be NAME.yaml, or NAME.error with what the SDK said.
"""

import importlib.util
import json
import sys
import traceback
from pathlib import Path

from kfp import compiler


def main(folder):
    for name, function in json.load(sys.stdin).items():
        source = folder / f"{name}.py"
        try:
            spec = importlib.util.spec_from_file_location(f"generated_{abs(hash(name))}", source)
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
            compiler.Compiler().compile(getattr(module, function), str(folder / f"{name}.yaml"))
        except Exception:
            (folder / f"{name}.error").write_text(traceback.format_exc())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
