"""Runs compiled pipelines through kfp.local and tells how each ended: the independent truth for our own engine.

usage: python peer.py CASES.json RESULTS.json   (CASES: [{"name", "file", "parameters", "times", "folder"}])

Each case runs in its own process, two at a time, since kfp.local keeps its configuration in globals. kfp.local itself
is untouched; of the pipeline it gets only the pip part of each step's command is taken out, because that part would
install into the very environment that is the peer.
"""

import hashlib
import json
import multiprocessing
import os
import sys
import traceback

import yaml
from kfp import components, dsl, local

PARALLEL = 2


def without_pip(text):
    documents = list(yaml.safe_load_all(text))
    executors = documents[0].get("deploymentSpec", {}).get("executors", {})
    for executor in executors.values():
        command = executor.get("container", {}).get("command", [])
        for index, part in enumerate(command):
            if "pip install" in part and '"$0" "$@"' in part:
                command[index] = 'exec "$0" "$@"'
    return yaml.safe_dump_all(documents)


def content_of(path):
    """Text of an artifact's file, a digest of what is no text, the listing of a folder, None for nothing."""
    if os.path.isdir(path):
        return sorted(os.listdir(path))
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        data = file.read()
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "sha256:" + hashlib.sha256(data).hexdigest()


def plain(value):
    if isinstance(value, dsl.Artifact):
        return {"metadata": value.metadata, "content": content_of(value.path or value.uri)}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def steps_under(folder):
    """What each step wrote, by the step's own name: kfp.local keeps no other record of them."""
    found = []
    for place, _, files in os.walk(folder):
        if "executor_output.json" not in files:
            continue
        with open(os.path.join(place, "executor_output.json")) as file:
            output = json.load(file)
        artifacts = {
            name: [{"metadata": one["metadata"], "content": content_of(one["uri"])} for one in value["artifacts"]]
            for name, value in output.get("artifacts", {}).items()
        }
        found.append(
            {
                "name": os.path.basename(place),
                "parameters": output.get("parameterValues", {}),
                "artifacts": artifacts,
            }
        )
    return found


def run(case, queue):
    os.makedirs(case["folder"], exist_ok=True)
    log = os.open(os.path.join(case["folder"], "log.txt"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    result = {"name": case["name"], "state": "SUCCEEDED", "error": None, "outputs": {}}
    root = os.path.join(case["folder"], "root")
    try:
        local.init(
            runner=local.SubprocessRunner(use_venv=False),
            pipeline_root=root,
            workspace_root=os.path.join(case["folder"], "workspace"),
            enable_caching=case["times"] > 1,
        )
        with open(case["file"]) as file:
            pipeline = components.load_component_from_text(without_pip(file.read()))
        for _ in range(case["times"]):
            task = pipeline(**case["parameters"])
        result["outputs"] = {name: plain(value) for name, value in task.outputs.items()}
    except Exception as error:
        traceback.print_exc()
        result["state"] = "FAILED"
        result["error"] = f"{type(error).__name__}: {error}"
    result["steps"] = steps_under(root)
    queue.put(result)


def main(cases_path, results_path):
    with open(cases_path) as file:
        waiting = json.load(file)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    running, results = 0, []
    while waiting or running:
        while waiting and running < PARALLEL:
            context.Process(target=run, args=(waiting.pop(0), queue)).start()
            running += 1
        results.append(queue.get())
        running -= 1
    with open(results_path, "w") as file:
        json.dump(results, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
