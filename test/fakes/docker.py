#!/usr/bin/env python3
"""Docker's client and its daemon in one, without walls: a container is a process of this machine that outlives its client.

FAKE_DOCKER is a folder: `calls` has the arguments of every call, a line each; `containers/NAME` is there while NAME runs.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time

FOLDER = os.environ["FAKE_DOCKER"]
CONTAINERS = os.path.join(FOLDER, "containers")
PULLED = os.path.join(FOLDER, "pulled")


def main(words):
    with open(os.path.join(FOLDER, "calls"), "a") as calls:
        calls.write(json.dumps(words) + "\n")
    if words == ["version", "--format", "{{.Server.Version}}"]:
        print("28.0.0")
    elif words[:2] == ["image", "inspect"]:
        if not os.path.exists(PULLED):
            return fail(1, f"Error response from daemon: No such image: {words[-1]}")
        print("sha256:" + "ab" * 32)
    elif words[:2] == ["pull", "--quiet"]:
        if words[2].startswith("missing"):
            return fail(1, f"Error response from daemon: manifest for {words[2]} not found")
        open(PULLED, "w").close()
    elif words[0] == "run":
        return run(words[1:])
    elif words[0] == "exec":
        return execute(words[1:])
    elif words[:3] == ["rm", "--force", "--volumes"]:
        return remove(words[3])
    else:
        return fail(125, f"unknown command: docker {words}")
    return 0


def run(words):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for flag in ["--rm", "--init", "--interactive", "--read-only"]:
        parser.add_argument(flag, action="store_true")
    for flag in ["--name", "--pull", "--network", "--env-file", "--workdir", "--user", "--memory", "--entrypoint"]:
        parser.add_argument(flag)
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--mount", action="append", default=[])
    parser.add_argument("image")
    parser.add_argument("words", nargs=argparse.REMAINDER)
    given = parser.parse_args(words)
    env = {"PATH": os.environ["PATH"]}
    with open(given.env_file) as lines:
        env.update(line.rstrip("\n").split("=", 1) for line in lines)
    env.update((name, os.environ[name]) for name in given.env)
    command = ([given.entrypoint] if given.entrypoint else []) + given.words
    record = os.path.join(CONTAINERS, given.name)
    code = os.path.join(FOLDER, f"code-{given.name}")
    os.makedirs(CONTAINERS, exist_ok=True)
    # Of the daemon: no descendant of the client, whose killer would find it.
    child = os.fork()
    if child == 0:
        if os.fork() > 0:
            os._exit(0)
        os.setsid()
        container = subprocess.Popen(command or ["echo", "the image's own"], env=env, start_new_session=True)
        write(record, {"pid": container.pid, "env": env})
        result = container.wait()
        write(code, 128 - result if result < 0 else result)
        if os.path.exists(record):
            os.remove(record)
        os._exit(0)
    os.waitpid(child, 0)
    wait_for(lambda: os.path.exists(record) or os.path.exists(code))
    signal.signal(signal.SIGTERM, lambda *_: pass_on(record, signal.SIGTERM))
    wait_for(lambda: os.path.exists(code))
    with open(code) as text:
        return json.load(text)


def execute(words):
    while words[0].startswith("-"):
        words = words[1:]
    with open(os.path.join(CONTAINERS, words[0])) as text:
        return subprocess.run(words[1:], env=json.load(text)["env"]).returncode


def remove(name):
    record = os.path.join(CONTAINERS, name)
    if not os.path.exists(record):
        return fail(1, f"Error response from daemon: No such container: {name}")
    pass_on(record, signal.SIGKILL)
    wait_for(lambda: not os.path.exists(record))
    return 0


def pass_on(record, number):
    try:
        with open(record) as text:
            os.killpg(json.load(text)["pid"], number)
    except (FileNotFoundError, ProcessLookupError):
        pass  # It has ended.


def write(path, value):
    with open(path + ".new", "w") as text:
        json.dump(value, text)
    os.rename(path + ".new", path)


def wait_for(is_so):
    while not is_so():
        time.sleep(0.02)


def fail(code, message):
    print(message, file=sys.stderr)
    return code


sys.exit(main(sys.argv[1:]))
