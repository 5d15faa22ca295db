"""What a pipeline is, read by the SDK's own protobuf classes: components, executors, tasks and data edges as JSON.

Usage: python describe_pipeline.py FILE...   prints {file: description}
"""

import json
import sys

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as pb

PARAMETER_TYPES = pb.ParameterType.ParameterTypeEnum


def parameter_type(spec) -> str:
    return PARAMETER_TYPES.Name(spec.parameter_type)


def ports(definitions) -> dict:
    return {
        "parameters": {name: parameter_type(spec) for name, spec in definitions.parameters.items()},
        "artifacts": {
            name: [spec.artifact_type.schema_title, spec.is_artifact_list]
            for name, spec in definitions.artifacts.items()
        },
    }


def source(spec) -> list:
    kind = spec.WhichOneof("kind")
    if kind in ("task_output_parameter", "task_output_artifact"):
        output = getattr(spec, kind)
        key = "output_parameter_key" if kind == "task_output_parameter" else "output_artifact_key"
        return ["task", output.producer_task, getattr(output, key)]
    if kind in ("component_input_parameter", "component_input_artifact"):
        return ["input", getattr(spec, kind)]
    if kind == "task_final_status":
        return ["status", spec.task_final_status.producer_task]
    return ["constant", json_format.MessageToDict(spec.runtime_value.constant)]


def iterator(task) -> list | None:
    kind = task.WhichOneof("iterator")
    if kind is None:
        return None
    spec = getattr(task, kind)
    items = spec.items
    named = items.input_parameter if kind == "parameter_iterator" else items.input_artifact
    return [
        kind.split("_")[0],
        ["raw", items.raw] if kind == "parameter_iterator" and items.raw else ["input", named],
        spec.item_input,
        task.iterator_policy.parallelism_limit,
    ]


def task(spec) -> dict:
    completed = pb.PipelineTaskSpec.TriggerPolicy.ALL_UPSTREAM_TASKS_COMPLETED
    return {
        "name": spec.task_info.name,
        "component": spec.component_ref.name,
        "parameters": {name: source(value) for name, value in spec.inputs.parameters.items()},
        "artifacts": {name: source(value) for name, value in spec.inputs.artifacts.items()},
        "after": list(spec.dependent_tasks),
        "condition": spec.trigger_policy.condition or None,
        "runsAfterFailure": spec.trigger_policy.strategy == completed,
        "iterator": iterator(spec),
        "caching": spec.caching_options.enable_cache,
        "retries": spec.retry_policy.max_retry_count if spec.HasField("retry_policy") else None,
    }


def dag_outputs(dag) -> dict:
    parameters = {}
    for name, spec in dag.outputs.parameters.items():
        if spec.WhichOneof("kind") == "value_from_oneof":
            selectors = spec.value_from_oneof.parameter_selectors
        else:
            selectors = [spec.value_from_parameter]
        parameters[name] = [[s.producer_subtask, s.output_parameter_key] for s in selectors]
    artifacts = {
        name: [[s.producer_subtask, s.output_artifact_key] for s in spec.artifact_selectors]
        for name, spec in dag.outputs.artifacts.items()
    }
    return {"parameters": parameters, "artifacts": artifacts}


def component(spec) -> dict:
    return {
        "inputs": ports(spec.input_definitions),
        "optional": sorted(
            name
            for group in (spec.input_definitions.parameters, spec.input_definitions.artifacts)
            for name, value in group.items()
            if value.is_optional
        ),
        "defaults": {
            name: json_format.MessageToDict(value.default_value)
            for name, value in spec.input_definitions.parameters.items()
            if value.HasField("default_value")
        },
        "outputs": ports(spec.output_definitions),
        "executor": spec.executor_label or None,
        "tasks": {name: task(value) for name, value in spec.dag.tasks.items()},
        "dagOutputs": dag_outputs(spec.dag),
    }


def executor(spec) -> dict:
    kind = spec.WhichOneof("spec")
    if kind == "importer":
        return {"kind": kind, "title": spec.importer.type_schema.schema_title, "reimport": spec.importer.reimport}
    container = spec.container
    return {
        "kind": kind,
        "image": container.image,
        "command": list(container.command),
        "args": list(container.args),
        "env": [[variable.name, variable.value] for variable in container.env],
    }


def describe(path: str) -> dict:
    with open(path, encoding="utf-8") as file:
        documents = [document for document in yaml.safe_load_all(file) if document]
    written = next(document for document in documents if "pipelineInfo" in document)
    spec = json_format.ParseDict(written, pb.PipelineSpec())
    deployment = pb.PipelineDeploymentConfig()
    json_format.ParseDict(json_format.MessageToDict(spec.deployment_spec), deployment)
    return {
        "name": spec.pipeline_info.name,
        "components": {name: component(value) for name, value in spec.components.items()},
        "root": component(spec.root),
        "executors": {name: executor(value) for name, value in deployment.executors.items()},
    }


print(json.dumps({path: describe(path) for path in sys.argv[1:]}))
