"""Runs the function of one component as a step of a run would, for the debugger:

    python run_component.py REQUEST

REQUEST is a JSON file:
    file            where a person reads the function, so that breakpoints there work
    function        its name
    source          of a step that ran: what the pipeline carries of the component, so that the function sees no more of
                    its file than it does in a run. null: the file is imported, as `__main__` is not.
    executorInput   path of an ExecutorInput of KFP as JSON; its `outputs.outputFile` is where the results go
    mirror          folder with copies of what is in object stores, laid out as KFP's mounts; or null
    result          path of what is written at the end: {"error": null} or the error with its place
"""

import ast
import importlib.util
import json
import os
import sys
import traceback

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def imported(path, function):
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(path))[0], path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.argv = [path]
    spec.loader.exec_module(module)
    component = getattr(module, function)
    return getattr(component, "python_func", component)


def alone(path, function, source):
    """The component's own source, but each of its functions as the file has it now, at its place there."""
    with open(path, encoding="utf-8") as file:
        own = {node.name: node for node in ast.parse(file.read(), path).body if isinstance(node, FUNCTIONS)}
    namespace = {"__name__": "component"}
    for node in ast.parse(source, "<component>").body:
        mine = own.get(node.name) if isinstance(node, FUNCTIONS) else None
        if mine is not None:
            # KFP takes them away, too.
            mine.decorator_list = []
        module = ast.Module([node if mine is None else mine], [])
        exec(compile(module, "<component>" if mine is None else path, "exec"), namespace)
    return namespace[function]


def mount(mirror):
    from kfp.dsl.types import artifact_types

    for name, folder in (("S3", "s3"), ("GCS", "gcs"), ("MINIO", "minio")):
        setattr(artifact_types, f"_{name}_LOCAL_MOUNT_PREFIX", f"{mirror}/{folder}/")


def run(request):
    path, function, source = request["file"], request["function"], request["source"]
    target = imported(path, function) if source is None else alone(path, function, source)
    from kfp.dsl import executor

    if request["mirror"] is not None:
        mount(request["mirror"])
    with open(request["executorInput"], encoding="utf-8") as file:
        executor_input = json.load(file)
    executor.Executor(executor_input=executor_input, function_to_execute=target).execute()
    with open(executor_input["outputs"]["outputFile"], encoding="utf-8") as file:
        print(f"{function} gave {file.read()}")


def failure(error, path):
    """Of the person's own file the innermost line."""
    if isinstance(error, SyntaxError) and error.filename == path:
        line = error.lineno
    else:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((frame.lineno for frame in reversed(frames) if frame.filename == path), None)
    return {"type": type(error).__name__, "message": str(error), "line": line}


def finish(request, error):
    with open(request["result"], "w", encoding="utf-8") as file:
        json.dump({"error": error}, file)


def main(request_path):
    with open(request_path, encoding="utf-8") as file:
        request = json.load(file)
    try:
        run(request)
    except BaseException as error:
        # Written now: the debugger may stop at the error, and be ended there.
        finish(request, failure(error, request["file"]))
        raise
    finish(request, None)


if __name__ == "__main__":
    main(sys.argv[1])
