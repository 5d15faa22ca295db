"""Source of greet.yaml: python greet.py"""

from kfp import compiler, dsl


@dsl.component(base_image="python:3.11")
def greet(message: str) -> str:
    import time

    print(f"{message}, world", flush=True)
    time.sleep({"wait": 300, "slow": 3}.get(message, 0))
    return message


@dsl.pipeline(name="greet")
def pipeline(message: str) -> str:
    return greet(message=message).output


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, __file__.replace(".py", ".yaml"))
