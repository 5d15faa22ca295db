"""Drives the pipeline service with the upstream client, every call of it, and prints what came back as JSON.

usage: python client_peer.py URL TOKEN_FILE PIPELINE.yaml ARCHIVE.zip ARCHIVE.tar.gz PACKAGE_URL
"""

import json
import sys
import time
import warnings

import kfp_server_api
from kfp import Client

warnings.filterwarnings("ignore")
# The client prints links; the answer must stand alone.
answer, sys.stdout = sys.stdout, sys.stderr
url, token_file, package, zipped, tarred, package_url = sys.argv[1:7]
with open(token_file) as file:
    token = file.read()
client = Client(host=url, existing_token=token)
results = {}


def plain(value):
    return client._run_api.api_client.sanitize_for_serialization(value)


def record(name, call):
    """The answer, or the status and the parsed body of the refusal."""
    try:
        value = call()
        results[name] = plain(value) if not isinstance(value, (dict, list, str, int, bool)) else value
        return value
    except kfp_server_api.ApiException as error:
        results[name] = {"status": error.status, "body": json.loads(error.body)}
        return None


def every(list_page, field):
    """All pages of a list, two items each."""
    items, token = [], ""
    while True:
        page = list_page(page_token=token, page_size=2, sort_by="created_at desc")
        items += getattr(page, field) or []
        token = page.next_page_token
        if not token:
            return items


def equals(key, value, operation="EQUALS"):
    return json.dumps({"predicates": [{"operation": operation, "key": key, "string_value": value}]})


record("healthz", lambda: client.get_kfp_healthz())

# Experiments
experiment = record("create_experiment", lambda: client.create_experiment("peer", description="by the client"))
record("create_experiment_again", lambda: client.create_experiment("peer").experiment_id)
record("get_experiment", lambda: client.get_experiment(experiment_id=experiment.experiment_id))
record("get_experiment_by_name", lambda: client.get_experiment(experiment_name="peer").experiment_id)
record(
    "create_duplicate_experiment",
    lambda: client._experiment_api.experiment_service_create_experiment(
        experiment=kfp_server_api.V2beta1Experiment(display_name="peer")
    ),
)
for index in range(4):
    client.create_experiment(f"filler-{index}")
record(
    "all_experiments",
    lambda: [one.display_name for one in every(lambda **page: client.list_experiments(**page), "experiments")],
)
record(
    "experiments_by_substring",
    lambda: [
        one.display_name
        for one in client.list_experiments(
            filter=equals("name", "FILLER", "IS_SUBSTRING"), sort_by="display_name"
        ).experiments
    ],
)
record("archive_experiment", lambda: client.archive_experiment(experiment.experiment_id))
record("archived_experiment", lambda: client.get_experiment(experiment.experiment_id).storage_state)
record("unarchive_experiment", lambda: client.unarchive_experiment(experiment.experiment_id))

# Pipelines and versions
pipeline = record(
    "upload_pipeline",
    lambda: client.upload_pipeline(package, pipeline_name="peer", description="uploaded"),
)
record("upload_duplicate", lambda: client.upload_pipeline(package, pipeline_name="peer"))
record("get_pipeline", lambda: client.get_pipeline(pipeline.pipeline_id))
record("get_pipeline_id", lambda: client.get_pipeline_id("peer") == pipeline.pipeline_id)
record("get_pipeline_id_unknown", lambda: str(client.get_pipeline_id("nobody")))
record(
    "get_pipeline_by_name",
    lambda: client._pipelines_api.pipeline_service_get_pipeline_by_name("peer").pipeline_id == pipeline.pipeline_id,
)
for name, path in (("zip", zipped), ("tar", tarred)):
    record(
        f"upload_{name}",
        lambda: client.upload_pipeline_version(
            path, pipeline_version_name=name, pipeline_id=pipeline.pipeline_id
        ),
    )
versions = record(
    "all_versions",
    lambda: [
        one.name
        for one in every(
            lambda **page: client.list_pipeline_versions(pipeline.pipeline_id, **page), "pipeline_versions"
        )
    ],
)
version = client.list_pipeline_versions(pipeline.pipeline_id, filter=equals("name", "peer")).pipeline_versions[0]
record(
    "get_pipeline_version", lambda: client.get_pipeline_version(pipeline.pipeline_id, version.pipeline_version_id)
)
record("list_pipelines", lambda: [one.name for one in client.list_pipelines().pipelines])
record(
    "create_pipeline",
    lambda: client._pipelines_api.pipeline_service_create_pipeline(
        pipeline=kfp_server_api.V2beta1Pipeline(display_name="bare", tags={"team": "ml"})
    ),
)
record(
    "pipelines_by_tag",
    lambda: [one.name for one in client.list_pipelines(filter=equals("tags.team", "ml")).pipelines],
)
bare = client.get_pipeline_id("bare")
record(
    "update_pipeline",
    lambda: client._pipelines_api.pipeline_service_update_pipeline(
        bare, kfp_server_api.V2beta1Pipeline(display_name="Bare", tags={"team": "data"})
    ),
)
record(
    "create_version_from_url",
    lambda: client._pipelines_api.pipeline_service_create_pipeline_version(
        bare,
        kfp_server_api.V2beta1PipelineVersion(
            display_name="from-url", package_url=kfp_server_api.V2beta1Url(pipeline_url=package_url)
        ),
    ),
)
record(
    "create_pipeline_and_version",
    lambda: client._pipelines_api.pipeline_service_create_pipeline_and_version(
        kfp_server_api.V2beta1CreatePipelineAndVersionRequest(
            pipeline=kfp_server_api.V2beta1Pipeline(display_name="both"),
            pipeline_version=kfp_server_api.V2beta1PipelineVersion(
                package_url=kfp_server_api.V2beta1Url(pipeline_url=package_url)
            ),
        )
    ),
)

# Runs
by_version = record(
    "run_by_version",
    lambda: client.run_pipeline(
        experiment.experiment_id,
        "by version",
        pipeline_id=pipeline.pipeline_id,
        version_id=version.pipeline_version_id,
        params={"message": "hello"},
    ),
)
by_spec = record(
    "run_by_spec",
    lambda: client.run_pipeline(
        experiment.experiment_id, "by spec", pipeline_package_path=package, params={"message": "hi"}, enable_caching=False
    ),
)
record(
    "run_of_package",
    lambda: client.create_run_from_pipeline_package(package, arguments={"message": "yo"}, run_name="package")
    .wait_for_run_completion(timeout=60)
    .state,
)
record(
    "run_of_latest_version",
    lambda: client._run_api.run_service_create_run(
        run=kfp_server_api.V2beta1Run(
            display_name="latest",
            pipeline_version_reference=kfp_server_api.V2beta1PipelineVersionReference(pipeline_id=pipeline.pipeline_id),
            runtime_config=kfp_server_api.V2beta1RuntimeConfig(parameters={"message": "hello"}),
        )
    ).pipeline_version_reference.pipeline_version_id
    != version.pipeline_version_id,
)
record("missing_parameter", lambda: client.run_pipeline(experiment.experiment_id, "x", pipeline_package_path=package))
record(
    "unknown_parameter",
    lambda: client.run_pipeline(
        experiment.experiment_id, "x", pipeline_package_path=package, params={"message": "a", "nope": 1}
    ),
)
record(
    "mistyped_parameter",
    lambda: client.run_pipeline(
        experiment.experiment_id, "x", pipeline_package_path=package, params={"message": 7}
    ),
)
record("wait_for_run_completion", lambda: client.wait_for_run_completion(by_version.run_id, timeout=60, sleep_duration=1))
record("get_run", lambda: client.get_run(by_spec.run_id))
record("all_runs", lambda: [one.display_name for one in every(lambda **page: client.list_runs(**page), "runs")])
record(
    "runs_of_experiment",
    lambda: client.list_runs(experiment_id=experiment.experiment_id, sort_by="display_name").total_size,
)
record(
    "runs_by_state",
    lambda: [
        one.display_name
        for one in client.list_runs(filter=equals("display_name", "by version")).runs
    ],
)
record("archive_run", lambda: client.archive_run(by_version.run_id))
record("archived_run", lambda: client.get_run(by_version.run_id).storage_state)
record("unarchive_run", lambda: client.unarchive_run(by_version.run_id))
record("terminate_finished_run", lambda: client.terminate_run(by_version.run_id))
slow = client.run_pipeline(experiment.experiment_id, "slow", pipeline_package_path=package, params={"message": "wait"})
record("terminate_run", lambda: client.terminate_run(slow.run_id))
# The client's own waiting knows no CANCELED.
while client.get_run(slow.run_id).state in ("PENDING", "RUNNING", "CANCELING"):
    time.sleep(0.1)
record("terminated", lambda: client.get_run(slow.run_id).state)
record("retry_run", lambda: client._run_api.run_service_retry_run(slow.run_id))
record("retry_succeeded_run", lambda: client._run_api.run_service_retry_run(by_version.run_id))
record("delete_run", lambda: client.delete_run(by_version.run_id))
record("deleted_run", lambda: client.get_run(by_version.run_id))
record("recurring", lambda: client.list_recurring_runs())
record("bad_sort", lambda: client.list_runs(sort_by="colour"))
record("bad_filter", lambda: client.list_runs(filter=equals("colour", "red")))

# Deleting
record("delete_pipeline_with_versions", lambda: client.delete_pipeline(pipeline.pipeline_id))
record("delete_version", lambda: client.delete_pipeline_version(pipeline.pipeline_id, version.pipeline_version_id))
record(
    "delete_pipeline_cascade",
    lambda: client._pipelines_api.pipeline_service_delete_pipeline(pipeline.pipeline_id, cascade=True),
)
record("deleted_pipeline", lambda: client.get_pipeline(pipeline.pipeline_id))
record("delete_experiment", lambda: client.delete_experiment(experiment.experiment_id))
record("deleted_experiment", lambda: client.get_experiment(experiment_id=experiment.experiment_id))
record("delete_default_experiment", lambda: client.delete_experiment(client.get_experiment(experiment_name="Default").experiment_id))

record("wrong_token", lambda: Client(host=url, existing_token="wrong" + token, namespace="x").list_runs())
print(json.dumps(results, default=str), file=answer)
