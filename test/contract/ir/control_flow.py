"""Pairs of pipelines: what a gesture starts from, and the same meaning written with kfp.dsl.

`control_flow.py compile FOLDER` writes `<case>.before.yaml` and `<case>.after.yaml` for each case.
`control_flow.py load FILE…` loads pipelines with the SDK; what it refuses ends the program.
"""

import sys
import warnings
from pathlib import Path
from typing import Callable, List

warnings.simplefilter('ignore')

from kfp import compiler, components, dsl  # noqa: E402
from kfp.dsl import Dataset, Input, Output  # noqa: E402


@dsl.component
def flip() -> str:
    return 'heads'


@dsl.component
def number() -> int:
    return 1


@dsl.component
def names() -> List[str]:
    return []


@dsl.component
def say(text: str) -> str:
    return text


@dsl.component
def total(texts: List[str]) -> int:
    return 1


@dsl.component
def make(text: str, data: Output[Dataset]):
    pass


@dsl.component
def use(data: Input[Dataset]) -> str:
    return ''


@dsl.component
def use_all(data: Input[List[Dataset]]) -> str:
    return ''


@dsl.component
def notify(status: dsl.PipelineTaskFinalStatus, text: str):
    pass


cases: dict[str, tuple[Callable, Callable]] = {}


def case(name: str, before: Callable, after: Callable):
    pipeline = dsl.pipeline(name='case')
    cases[name] = (pipeline(before), pipeline(after))


def if_before(greeting: str = 'x'):
    coin = flip()
    say(text=coin.output)
    say(text=greeting).after(coin)


def if_after(greeting: str = 'x'):
    coin = flip()
    with dsl.If(coin.output == 'heads'):
        say(text=coin.output)
        say(text=greeting)


case('if', if_before, if_after)


def if_types_before(number_in: float = 1.0, flag: bool = True):
    count = number()
    say(text='a')
    say(text='b')
    say(text='c')
    say(text='d')


def if_types_after(number_in: float = 1.0, flag: bool = True):
    count = number()
    with dsl.If(number_in > 2):
        say(text='a')
    with dsl.If(flag == True):  # noqa: E712
        say(text='b')
    with dsl.If(count.output != number_in):
        say(text='c')
    with dsl.If(count.output >= 3):
        say(text='d')


case('if-types', if_types_before, if_types_after)


def nested_before(greeting: str = 'x'):
    coin = flip()
    with dsl.ParallelFor(['a', 'b']) as item:
        said = say(text=item)
        say(text=said.output)
        say(text=greeting)


def nested_after(greeting: str = 'x'):
    coin = flip()
    with dsl.ParallelFor(['a', 'b']) as item:
        said = say(text=item)
        with dsl.If(said.output == coin.output):
            say(text=said.output)
            say(text=greeting)


case('if-in-loop', nested_before, nested_after)


def branches_before(greeting: str = 'x'):
    coin = flip()
    count = number()
    say(text='1')
    make(text='1')
    say(text='2')
    make(text='2')
    say(text=greeting)
    make(text='3')


def branches_after(greeting: str = 'x'):
    coin = flip()
    count = number()
    with dsl.If(coin.output == 'heads'):
        say(text='1')
        make(text='1')
    with dsl.Elif(count.output == 2):
        say(text='2')
        make(text='2')
    with dsl.Else():
        say(text=greeting)
        make(text='3')


case('branches', branches_before, branches_after)


def one_of_after(greeting: str = 'x') -> str:
    coin = flip()
    with dsl.If(coin.output == 'heads'):
        said = say(text='1')
        made = make(text='1')
    with dsl.Else():
        said_2 = say(text=greeting)
        made_2 = make(text='3')
    result = dsl.OneOf(said.output, said_2.output)
    use(data=dsl.OneOf(made.outputs['data'], made_2.outputs['data']))
    return result


def one_of_before(greeting: str = 'x') -> str:
    coin = flip()
    with dsl.If(coin.output == 'heads'):
        say(text='1')
        make(text='1')
    with dsl.Else():
        say(text=greeting)
        make(text='3')
    return coin.output


case('one-of', one_of_before, one_of_after)


def loop_before(greeting: str = 'x'):
    said = say(text=greeting)
    made = make(text=said.output)
    use(data=made.outputs['data'])


def loop_after(greeting: str = 'x'):
    with dsl.ParallelFor(['x', 'y'], parallelism=2):
        said = say(text=greeting)
        made = make(text=said.output)
        use(data=made.outputs['data'])


case('loop', loop_before, loop_after)


def loop_over_before(items: List[str] = ['a']):
    listed = names()
    say(text='a')
    say(text='b')


def loop_over_after(items: List[str] = ['a']):
    listed = names()
    with dsl.ParallelFor(items):
        say(text='a')
    with dsl.ParallelFor(listed.output):
        # The SDK itself forgets that a loop waits for its list when nothing in it reads an item.
        say(text='b').after(listed)


case('loop-over', loop_over_before, loop_over_after)


def artifacts_before(data: Input[List[Dataset]]):
    say(text='a')


def artifacts_after(data: Input[List[Dataset]]):
    with dsl.ParallelFor(data):
        say(text='a')


case('loop-artifacts', artifacts_before, artifacts_after)


def fields_before(records: list = [{'a': 'x'}]):
    with dsl.ParallelFor(records) as record:
        say(text=record.a)
        say(text=record.b)


def fields_after(records: list = [{'a': 'x'}]):
    with dsl.ParallelFor(records) as record:
        say(text=record.a)
        with dsl.If(record.a == 'y'):
            say(text=record.b)


case('fields', fields_before, fields_after)


def exit_before(greeting: str = 'x'):
    coin = flip()
    notify(text=greeting)
    said = say(text=greeting)
    say(text=said.output)
    say(text=coin.output)


def exit_after(greeting: str = 'x'):
    coin = flip()
    last = notify(text=greeting)
    with dsl.ExitHandler(last):
        said = say(text=greeting)
        say(text=said.output)
        say(text=coin.output)


def shift_before(greeting: str = 'x'):
    said = say(text=greeting)
    say(text='b')
    with dsl.ParallelFor(['a', 'b']) as item:
        say(text=item)
        use(data=make(text=said.output).outputs['data'])
    with dsl.If(said.output == 'x'):
        say(text='c').after(said)


# Two more calls before all others: the compiler numbers all tasks, groups and loop items anew.
def shift_after(greeting: str = 'x'):
    with dsl.ParallelFor(['new']) as item:
        say(text=item)
        make(text='new')
    said = say(text=greeting)
    say(text='b')
    with dsl.ParallelFor(['a', 'b']) as item:
        say(text=item)
        use(data=make(text=said.output).outputs['data'])
    with dsl.If(said.output == 'x'):
        say(text='c').after(said)


case('shift', shift_before, shift_after)


def move_before(greeting: str = 'x'):
    coin = flip()
    with dsl.If(coin.output == 'heads'):
        say(text=coin.output)
    said = say(text=greeting)
    said.after(coin)


case('move', move_before, if_after)


@dsl.pipeline(name='part')
def part(text: str, more: str = 'd') -> str:
    first = say(text=text)
    say(text=more)
    return say(text=first.output).output


def unpack_before(greeting: str = 'x'):
    make(text=part(text=greeting).output)


def unpack_after(greeting: str = 'x'):
    first = say(text=greeting)
    say(text='d')
    make(text=say(text=first.output).output)


case('unpack', unpack_before, unpack_after)


# A status is only for exit tasks, so the SDK cannot compile the start: the handler is around something else there.
def exit_start(greeting: str = 'x'):
    coin = flip()
    last = notify(text=greeting)
    with dsl.ExitHandler(last):
        said = say(text=greeting)
        say(text=said.output)
        say(text=coin.output)


case('exit', exit_start, exit_after)


def compile_all(folder: str) -> None:
    for name, pair in cases.items():
        for which, pipeline in zip(('before', 'after'), pair):
            compiler.Compiler().compile(pipeline, str(Path(folder) / f'{name}.{which}.yaml'))


def load_all(files: list[str]) -> None:
    for file in files:
        try:
            components.load_component_from_file(file)
        except Exception as error:
            raise SystemExit(f'{file}: {error!r}') from error


if __name__ == '__main__':
    command, *arguments = sys.argv[1:]
    if command == 'compile':
        compile_all(arguments[0])
    else:
        load_all(arguments)
