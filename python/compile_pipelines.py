"""Compiles the pipelines of Python files, and says where in a file each part of them was written.

    python compile_pipelines.py < REQUESTS > ANSWERS

A request is a line of JSON, {"file": path, "text": what is in it, "what": "pipelines" or "components", "result": path}: the
text may be newer than what is on disk. The file is imported, not run: `__name__` is not "__main__", and what would submit or write is off. `result` gets
JSON (see src/clients/pythonCompiler.ts), also for files with errors; then a line of JSON, {"code": exit code}, answers.
Works with every kfp 2 and Python 3.9 and newer, and needs nothing else.

Importing kfp takes seconds, so that is done once; each file is then compiled in a process of its own, which knows
nothing of the ones before.
"""

import contextlib
import itertools
import json
import linecache
import os
import subprocess
import sys
import tempfile
import traceback
import types


def main():
    # Elsewhere libraries of the system do not bear to be forked.
    can_fork = sys.platform == "linux"
    if can_fork:
        with contextlib.suppress(ImportError):
            from kfp import client, compiler, dsl  # noqa: F401
    answers = os.fdopen(os.dup(1), "w")
    # What files print must not be taken for answers.
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        code = in_fork(request) if can_fork else in_subprocess(line)
        answers.write(json.dumps({"code": code}) + "\n")
        answers.flush()


def in_fork(request):
    pid = os.fork()
    if pid != 0:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        answer(request)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def in_subprocess(line):
    command = [sys.executable, "-W", "ignore", os.path.abspath(__file__), "--once"]
    return subprocess.run(command, input=line, text=True, stdout=sys.stderr).returncode


def answer(request):
    path = os.path.abspath(request["file"])
    os.chdir(os.path.dirname(path))
    sys.stdin = open(os.devnull)
    result = compile_file(path, request["text"], request.get("what", "pipelines"))
    with open(request["result"], "w", encoding="utf-8") as file:
        json.dump(result, file)


def compile_file(path, source, what):
    result = {"kfp": None, "pipelines": [], "components": [], "problems": []}
    try:
        code = compile(source, path, "exec")
    except SyntaxError as error:
        result["problems"].append(syntax_problem(error, path))
        return result
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(path))
    try:
        import kfp
        from kfp import compiler, dsl  # noqa: F401
    except ImportError as error:
        result["problems"].append(problem(path, 1, f"kfp cannot be imported: {error}", "noKfp"))
        return result
    result["kfp"] = kfp.__version__
    origins = Origins(path)
    compile_to_file = compiler.Compiler.compile
    origins.install()
    keep_quiet()
    # Sources of components are read through linecache, which is told the text at hand.
    lines = source.splitlines(True)
    linecache.cache[path] = (len(source), None, lines, path)
    module = types.ModuleType(os.path.splitext(os.path.basename(path))[0])
    module.__file__ = path
    sys.modules[module.__name__] = module
    sys.argv = [path]
    try:
        exec(code, module.__dict__)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit() at the top of a file, too
        result["problems"].append(error_problem(error, path))
    if what == "components":
        result["components"] = compiled_components(module, path, compile_to_file)
        return result
    for name, component in list(module.__dict__.items()):
        if not isinstance(component, origins.graph_component) or component not in origins.pipelines:
            continue
        if any(known["component"] is component for known in result["pipelines"]):
            continue
        try:
            text = compiled(compile_to_file, component)
        except Exception as error:
            result["problems"].append(error_problem(error, path))
            continue
        function = component.pipeline_func.__code__
        if os.path.abspath(function.co_filename) != path:
            continue
        result["pipelines"].append(
            {
                "component": component,
                "function": name,
                "name": component.component_spec.name,
                "line": function.co_firstlineno,
                "text": text,
                "nodes": nodes_of(component, origins),
            }
        )
    for pipeline in result["pipelines"]:
        del pipeline["component"]
    return result


def compiled_components(module, path, compile_to_file):
    """Those that are functions of the file itself; what it imports is offered by the file that it is from."""
    from kfp.dsl import base_component, graph_component

    found = []
    for name, component in list(module.__dict__.items()):
        if not isinstance(component, base_component.BaseComponent):
            continue
        function = getattr(component, "python_func", None) or getattr(component, "pipeline_func", None)
        if function is None or isinstance(component, graph_component.GraphComponent):
            continue
        # A component under a second name is no second one.
        if os.path.abspath(function.__code__.co_filename) != path or function.__name__ != name:
            continue
        found.append({"function": name, "text": compiled(compile_to_file, component)})
    return found


def compiled(compile_to_file, component):
    from kfp import compiler

    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "pipeline.yaml")
        compile_to_file(compiler.Compiler(), component, target)
        with open(target, encoding="utf-8") as file:
            return file.read()


def keep_quiet():
    """What scripts do at their end without asking for "__main__"."""
    from kfp import compiler

    compiler.Compiler.compile = lambda self, *args, **kwargs: None
    try:
        from kfp import client
    except ImportError:
        return

    def refuse(self, *args, **kwargs):
        raise RuntimeError(
            'The editor imports this file to draw it. Put what submits runs under `if __name__ == "__main__":`.'
        )

    client.Client.__init__ = refuse


class Origins:
    """Remembers for each task and group which call in the user's file made it."""

    def __init__(self, path):
        self.path = path
        self.places = {}
        self.pipelines = {}
        self.graph_component = None
        self.keep = []

    def install(self):
        from kfp.dsl import graph_component, pipeline_context, pipeline_task, tasks_group

        self.graph_component = graph_component.GraphComponent
        self._wrap(pipeline_task.PipelineTask)
        self._wrap(tasks_group.TasksGroup)
        entered = []
        enter = pipeline_context.Pipeline.__enter__

        def remember_pipeline(pipeline):
            entered.append(pipeline)
            return enter(pipeline)

        pipeline_context.Pipeline.__enter__ = remember_pipeline
        init = graph_component.GraphComponent.__init__

        def remember_component(component, *args, **kwargs):
            init(component, *args, **kwargs)
            if entered:
                self.pipelines[component] = entered.pop()

        graph_component.GraphComponent.__init__ = remember_component

    def _wrap(self, cls):
        init = cls.__init__

        def wrapped(instance, *args, **kwargs):
            # Kept, so that no later object gets the same id.
            self.keep.append(instance)
            self.places[id(instance)] = self.caller()
            init(instance, *args, **kwargs)

        cls.__init__ = wrapped

    def caller(self):
        """The innermost call in the user's file: [line, column, end line, end column], from 1; columns may be null."""
        frame = sys._getframe(1)
        while frame is not None:
            if os.path.abspath(frame.f_code.co_filename) == self.path:
                return position(frame.f_code, frame.f_lasti, frame.f_lineno)
            frame = frame.f_back
        return None

    def place(self, instance):
        return self.places.get(id(instance))


def position(code, instruction, line):
    """Before Python 3.11 only the line is known."""
    if hasattr(code, "co_positions") and instruction >= 0:
        places = itertools.islice(code.co_positions(), instruction // 2, None)
        start, end, column, end_column = next(places, (None, None, None, None))
        if start is not None:
            end = end or start
            return [start, utf16_column(code, start, column), end, utf16_column(code, end, end_column)]
    return [line, None, line, None]


def utf16_column(code, line, column):
    """Python counts bytes of UTF-8, editors count UTF-16 units."""
    if column is None:
        return None
    text = linecache.getline(code.co_filename, line).encode("utf-8")[:column].decode("utf-8", "replace")
    return len(text.encode("utf-16-le")) // 2 + 1


def nodes_of(component, origins):
    """Where each node of the graph was written, by its path of task names."""
    nodes = {}

    def visit_pipeline(component, prefix, depth):
        pipeline = origins.pipelines.get(component)
        if pipeline is not None and depth < 20:
            visit_group(pipeline.groups[0], prefix, depth)

    def visit_group(group, prefix, depth):
        for task in list(group.tasks):
            visit_task(task, prefix, depth)
        for inner in group.groups:
            exit_task = getattr(inner, "exit_task", None)
            if exit_task is not None:
                visit_task(exit_task, prefix, depth)
            path = prefix + inner.name
            place = origins.place(inner)
            nodes[path] = {"call": place, "component": None, "kind": inner.group_type.value}
            visit_group(inner, path + "/", depth)

    def visit_task(task, prefix, depth):
        path = prefix + task.name
        nodes[path] = {"call": origins.place(task), "component": None, "kind": "task"}
        made_of = components.get(id(task.component_spec))
        if made_of is None:
            return
        function = getattr(made_of, "python_func", None) or getattr(made_of, "pipeline_func", None)
        if function is not None:
            code = function.__code__
            nodes[path]["component"] = {
                "file": os.path.abspath(code.co_filename),
                "line": code.co_firstlineno,
                "function": function.__name__,
            }
        if isinstance(made_of, origins.graph_component):
            visit_pipeline(made_of, path + "/", depth + 1)

    components = {id(one.component_spec): one for one in all_components()}
    visit_pipeline(component, "", 0)
    return nodes


def all_components():
    import gc

    from kfp.dsl import base_component

    return [one for one in gc.get_objects() if isinstance(one, base_component.BaseComponent)]


def problem(path, line, message, kind, column=None, end_line=None, end_column=None):
    return {
        "file": path,
        "line": line,
        "column": column,
        "endLine": end_line or line,
        "endColumn": end_column,
        "message": message,
        "kind": kind,
    }


def syntax_problem(error, path):
    return problem(
        error.filename or path,
        error.lineno or 1,
        error.msg,
        "syntax",
        error.offset,
        getattr(error, "end_lineno", None),
        getattr(error, "end_offset", None),
    )


def error_problem(error, path):
    """At the last line of the user's own file that led to the error; a module that it imports counts as elsewhere."""
    if isinstance(error, SyntaxError):
        return syntax_problem(error, path)
    place = [1, None, 1, None]
    trace = error.__traceback__
    while trace is not None:
        if os.path.abspath(trace.tb_frame.f_code.co_filename) == path:
            place = position(trace.tb_frame.f_code, trace.tb_lasti, trace.tb_lineno)
        trace = trace.tb_next
    message = "".join(traceback.format_exception_only(type(error), error)).strip()
    kind = "missingModule" if isinstance(error, ModuleNotFoundError) else "error"
    return problem(path, place[0], message, kind, place[1], place[2], place[3])


if __name__ == "__main__":
    if sys.argv[1:] == ["--once"]:
        answer(json.loads(sys.stdin.readline()))
    else:
        main()
