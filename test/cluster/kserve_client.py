"""KServe's SDK and boto3, unmodified, as a user of the cluster: each line of stdin is a call, its answer a line of stdout.

Addresses and credentials are in the environment, as `slipway env` sets them."""

import asyncio
import io
import json
import os
import sys
from urllib.parse import urlparse

import boto3
import joblib
import kserve
from kserve.inference_client import InferenceRESTClient, RESTConfig
from kubernetes.client import (
    V1ConfigMapVolumeSource,
    V1Container,
    V1ObjectMeta,
    V1ResourceRequirements,
    V1Volume,
    V1VolumeMount,
)
from sklearn.linear_model import LinearRegression

NAMESPACE = os.environ["TEST_NAMESPACE"]
GATEWAY = os.environ["SLIPWAY_GATEWAY_URL"]


def predictor(uri):
    """Asks for less than the stock runtime does."""
    return kserve.V1beta1PredictorSpec(
        min_replicas=1,
        model=kserve.V1beta1ModelSpec(
            model_format=kserve.V1beta1ModelFormat(name="sklearn"),
            storage_uri=uri,
            resources=V1ResourceRequirements(
                requests={"cpu": "100m", "memory": "256Mi"}, limits={"cpu": "1", "memory": "1Gi"}
            ),
        ),
    )


def service(name, spec, annotations=None):
    return kserve.V1beta1InferenceService(
        api_version="serving.kserve.io/v1beta1",
        kind="InferenceService",
        metadata=V1ObjectMeta(name=name, namespace=NAMESPACE, annotations=annotations),
        spec=spec,
    )


class Calls:
    def __init__(self):
        self.client = kserve.KServeClient(config_file=os.environ["KUBECONFIG"])
        self.s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])

    def upload(self, bucket, key, factor):
        """A model that answers factor times what it is asked."""
        model = LinearRegression().fit([[0.0], [1.0], [2.0]], [0.0, factor, 2 * factor])
        file = io.BytesIO()
        joblib.dump(model, file)
        self.s3.put_object(Bucket=bucket, Key=key, Body=file.getvalue())

    def create(self, name, uri, transformer=None, annotations=None):
        """transformer: a ConfigMap's name, of which transformer.py runs."""
        spec = kserve.V1beta1InferenceServiceSpec(predictor=predictor(uri))
        if transformer is not None:
            spec.transformer = kserve.V1beta1TransformerSpec(
                containers=[
                    V1Container(
                        name="kserve-container",
                        image="kserve/half-and-negate:1",
                        command=["python", "/app/transformer.py"],
                        volume_mounts=[V1VolumeMount(name="code", mount_path="/app")],
                        resources=V1ResourceRequirements(requests={"cpu": "100m", "memory": "128Mi"}),
                    )
                ],
                volumes=[V1Volume(name="code", config_map=V1ConfigMapVolumeSource(name=transformer))],
            )
        self.client.create(service(name, spec, annotations), namespace=NAMESPACE)

    def wait(self, name, generation=None):
        self.client.wait_isvc_ready(
            name, namespace=NAMESPACE, timeout_seconds=90, polling_interval=0.5, expected_generation=generation
        )
        return self.client.get(name, namespace=NAMESPACE)

    def move(self, name, uri):
        """To another model; the generation that asks for it."""
        spec = kserve.V1beta1InferenceServiceSpec(predictor=predictor(uri))
        return self.client.patch(name, service(name, spec), namespace=NAMESPACE)["metadata"]["generation"]

    def delete(self, name):
        self.client.delete(name, namespace=NAMESPACE)

    def predict(self, name, instances, protocol="v1"):
        host = urlparse(self.client.get(name, namespace=NAMESPACE)["status"]["url"]).netloc

        async def infer():
            async with InferenceRESTClient(RESTConfig(protocol=protocol)) as client:
                return await client.infer(
                    GATEWAY, {"instances": instances}, model_name=name, headers={"Host": host}
                )

        return asyncio.run(infer())


def main():
    calls = Calls()
    for line in sys.stdin:
        call = json.loads(line)
        try:
            answer = {"value": getattr(calls, call["name"])(**call["args"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()
