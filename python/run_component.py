"""Runs the function of one component as a step of a run would, for the debugger:

    python run_component.py FILE FUNCTION INPUT

INPUT is an ExecutorInput of KFP as JSON; its `outputs.outputFile` is where the results go. The file is imported, not
run: `__name__` is not "__main__".
"""

import importlib.util
import json
import os
import sys


def main(path, function, input_path):
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(path))[0], path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.argv = [path]
    spec.loader.exec_module(module)
    component = getattr(module, function)
    from kfp.dsl import executor

    with open(input_path, encoding="utf-8") as file:
        executor_input = json.load(file)
    target = executor_input["outputs"]["outputFile"]
    runner = executor.Executor(
        executor_input=executor_input,
        function_to_execute=getattr(component, "python_func", component),
    )
    runner.execute()
    with open(target, encoding="utf-8") as file:
        print(f"{function} gave {file.read()}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
