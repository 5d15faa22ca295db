"""Trains the churn model on what Feast knew of each customer at the time, and registers it in MLflow as `churn`."""

import io
import json
import os
from pathlib import Path

import boto3
import mlflow
import pandas as pd
from feast import FeatureStore
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODEL = "churn"
FEATURES = ["tenure_months", "monthly_charge", "support_calls", "contract_months"]
REGULARIZATION = 1.0


def labelled_customers() -> pd.DataFrame:
    labels = boto3.client("s3").get_object(Bucket="feast", Key="churn/labels.parquet")["Body"].read()
    store = FeatureStore(repo_path=os.environ.get("FEAST_REPOSITORY", Path(__file__).parent.parent / "features"))
    return store.get_historical_features(
        entity_df=pd.read_parquet(io.BytesIO(labels)), features=store.get_feature_service("churn")
    ).to_df()


def train() -> dict:
    table = labelled_customers()
    train_set, test_set = train_test_split(table, test_size=0.25, random_state=7)
    mlflow.set_experiment("churn")
    with mlflow.start_run(run_name="logistic-regression") as run:
        mlflow.log_params({"regularization": REGULARIZATION, "rows": len(train_set)})
        mlflow.set_tag("feast.feature_service", "churn")
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1 / REGULARIZATION))
        # Without column names: a prediction request brings rows of numbers.
        model.fit(train_set[FEATURES].to_numpy(), train_set["churned"])
        probability = model.predict_proba(test_set[FEATURES].to_numpy())[:, 1]
        mlflow.log_metric("accuracy", accuracy_score(test_set["churned"], probability >= 0.5))
        mlflow.log_metric("roc_auc", roc_auc_score(test_set["churned"], probability))
        mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name=MODEL,
            signature=infer_signature(train_set[FEATURES].to_numpy(), model.predict(train_set[FEATURES].to_numpy())),
            # KServe's server reads this one.
            serialization_format="pickle",
        )
    client = mlflow.MlflowClient()
    version = max(client.search_model_versions(f"name = '{MODEL}'"), key=lambda one: int(one.version))
    client.set_registered_model_alias(MODEL, "champion", version.version)
    uri = client.get_model_version_download_uri(MODEL, version.version)
    return {"name": MODEL, "version": version.version, "runId": run.info.run_id, "uri": uri}


if __name__ == "__main__":
    print(json.dumps(train()))
