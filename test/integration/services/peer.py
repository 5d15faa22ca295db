"""Other people's clients against the services, with nothing but the variables of `slipway env`. Prints JSON lines."""

import hashlib
import io
import json
import os
import sys
import tempfile


def say(value):
    print(json.dumps(value), flush=True)


def postgres():
    import psycopg

    with psycopg.connect(os.environ["CONNINFO"]) as connection:
        say({name: connection.execute(f"SHOW {name}").fetchone()[0] for name in ("fsync", "listen_addresses")})


def boto3_multipart():
    import boto3
    from boto3.s3.transfer import TransferConfig

    s3 = boto3.client("s3")
    body = os.urandom(13 * 1024 * 1024)
    parts = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(body), "slipway", "peer/ä b/multi part", Config=parts)
    head = s3.head_object(Bucket="slipway", Key="peer/ä b/multi part")
    back = s3.get_object(Bucket="slipway", Key="peer/ä b/multi part")["Body"].read()
    say(
        {
            "parts": int(head["ETag"].strip('"').partition("-")[2]),
            "same": hashlib.sha256(back).digest() == hashlib.sha256(body).digest(),
            "keys": [one["Key"] for one in s3.list_objects_v2(Bucket="slipway", Prefix="peer/")["Contents"]],
            "buckets": [one["Name"] for one in s3.list_buckets()["Buckets"]],
        }
    )


def boto3_refused():
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.exceptions import ClientError

    def code(**options):
        try:
            boto3.client("s3", **options).list_objects_v2(Bucket="slipway")
            return "let in"
        except ClientError as error:
            return error.response["Error"]["Code"]

    say(
        {
            "wrong": code(aws_secret_access_key="wrong" * 5, aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"]),
            "unknown": code(aws_secret_access_key="wrong" * 5, aws_access_key_id="AKIAIOSFODNN7EXAMPLE"),
            "missing": code(config=Config(signature_version=UNSIGNED)),
        }
    )


def mlflow_write():
    import mlflow

    mlflow.set_experiment("peer")
    with mlflow.start_run() as run:
        mlflow.log_param("ä", "ö")
        for step in range(3):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_text("zwölf", "notes/text.txt")
        uri = mlflow.get_artifact_uri("notes")
    client = mlflow.MlflowClient()
    client.create_registered_model("peer")
    version = client.create_model_version("peer", source=uri, run_id=run.info.run_id)
    client.set_registered_model_alias("peer", "champion", version.version)
    say({"run": run.info.run_id, "uri": uri})


def mlflow_read():
    import mlflow

    client = mlflow.MlflowClient()
    version = client.get_model_version_by_alias("peer", "champion")
    run = client.get_run(version.run_id)
    with tempfile.TemporaryDirectory() as folder:
        path = client.download_artifacts(version.run_id, "notes/text.txt", folder)
        text = open(path, encoding="utf-8").read()
    history = [(one.step, one.value) for one in client.get_metric_history(version.run_id, "loss")]
    say({"run": version.run_id, "params": run.data.params, "loss": history, "text": text, "status": run.info.status})


def feast_data():
    import boto3
    import pandas as pd

    table = pd.DataFrame(
        {
            "driver_id": [1001, 0, -1],
            "event_timestamp": pd.to_datetime(
                ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05.123456Z", "2024-01-02T03:04:05Z"], format="ISO8601"
            ),
            "conv_rate": [0.25, 0.25, None],
            "acc_rate": pd.array([0.5, 0.5, 0.5], dtype="float32"),
            "avg_daily_trips": [42, 0, -5],
        }
    )
    body = io.BytesIO()
    table.to_parquet(body, index=False)
    boto3.client("s3").put_object(Bucket="feast", Key="driver_stats.parquet", Body=body.getvalue())
    say(len(table))


def feast_online():
    from feast import FeatureStore

    store = FeatureStore(repo_path=sys.argv[2])
    features = [f"driver_hourly_stats:{name}" for name in ("conv_rate", "acc_rate", "avg_daily_trips")]
    rows = [{"driver_id": id} for id in (1001, 0, -1, 7)]
    say(store.get_online_features(features=features, entity_rows=rows).to_dict())


def load_postgres():
    import psycopg

    connection = psycopg.connect(os.environ["CONNINFO"], autocommit=True)
    connection.execute("CREATE TABLE IF NOT EXISTS load (id bigint PRIMARY KEY)")
    for id in count():
        connection.execute("INSERT INTO load VALUES (%s)", (id,))
        say(id)


def kept_postgres():
    import psycopg

    connection = psycopg.connect(os.environ["CONNINFO"])
    say([id for (id,) in connection.execute("SELECT id FROM load ORDER BY id")])


def redis_client():
    from redis import Redis

    url, _, password = os.environ["FEAST_REDIS_CONNECTION"].partition(",password=")
    host, _, port = url.partition(":")
    return Redis(host=host, port=int(port), password=password or None)


def redis():
    settings = redis_client().config_get("append*")
    say({name: settings[name] for name in ("appendonly", "appendfsync")})


def load_redis():
    client = redis_client()
    for id in count():
        client.rpush("load", id)
        say(id)


def kept_redis():
    say([int(id) for id in redis_client().lrange("load", 0, -1)])


def load_s3():
    import boto3

    s3 = boto3.client("s3")
    for id in count():
        s3.put_object(Bucket="slipway", Key=f"load/{id}", Body=content(id))
        say(id)


def kept_s3():
    import boto3

    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="slipway", Prefix="load/")
    ids = [int(one["Key"].partition("/")[2]) for page in pages for one in page.get("Contents", [])]
    say([id for id in sorted(ids) if s3.get_object(Bucket="slipway", Key=f"load/{id}")["Body"].read() == content(id)])


def content(id):
    return hashlib.sha256(str(id).encode()).digest() * 4096


def load_mlflow():
    import mlflow

    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name("load")
    run = client.create_run(experiment.experiment_id if experiment else client.create_experiment("load"))
    for id in count():
        client.log_metric(run.info.run_id, "id", id, step=id)
        client.log_param(run.info.run_id, f"p{id}", id)
        say(id)


def kept_mlflow():
    import mlflow

    client = mlflow.MlflowClient()
    [run] = client.search_runs([client.get_experiment_by_name("load").experiment_id])
    params = {int(value) for value in run.data.params.values()}
    say([one.step for one in client.get_metric_history(run.info.run_id, "id") if one.step in params])


def count():
    id = 0
    while True:
        yield id
        id += 1


if __name__ == "__main__":
    globals()[sys.argv[1]]()
