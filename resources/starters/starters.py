"""Components to start from, shown in the pipeline editor's palette; each is compiled to a file of its own beside this.

Compile after a change:  python resources/starters/starters.py
"""

import sys
from pathlib import Path

from kfp import compiler, dsl, kubernetes
from kfp.dsl import ClassificationMetrics, Dataset, Input, Metrics, Model, Output

IMAGE = "python:3.11"
# One list for all steps that need it: they then share one environment.
PACKAGES = ["pandas==2.3.3", "scikit-learn==1.7.2"]


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def load_table(source: str, table: Output[Dataset]):
    """Reads a CSV table from a path or an address.

    Args:
        source: Path or URL of the CSV.
        table: The table as CSV.
    """
    import pandas as pd

    rows = pd.read_csv(source)
    rows.to_csv(table.path, index=False)
    table.metadata["rows"] = len(rows)
    table.metadata["columns"] = ", ".join(rows.columns)
    print(f"{len(rows)} rows: {', '.join(rows.columns)}")


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def split_table(
    table: Input[Dataset],
    train_set: Output[Dataset],
    test_set: Output[Dataset],
    test_share: float = 0.25,
    seed: int = 7,
):
    """Sets a random share of a table aside for the evaluation."""
    import pandas as pd

    rows = pd.read_csv(table.path)
    test = rows.sample(frac=test_share, random_state=seed)
    for artifact, part in ((train_set, rows.drop(test.index)), (test_set, test)):
        part.to_csv(artifact.path, index=False)
        artifact.metadata["rows"] = len(part)


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def train_classifier(
    train_set: Input[Dataset], target: str, model: Output[Model], regularization: float = 1.0
):
    """Fits a logistic regression that predicts one column of a table from the others."""
    import joblib
    import pandas as pd
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rows = pd.read_csv(train_set.path)
    classifier = make_pipeline(
        make_column_transformer(
            (StandardScaler(), make_column_selector(dtype_include="number")),
            (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        ),
        LogisticRegression(C=1 / regularization, max_iter=1000),
    )
    classifier.fit(rows.drop(columns=target), rows[target])
    joblib.dump(classifier, model.path)
    model.metadata["framework"] = "scikit-learn"
    model.metadata["target"] = target


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def evaluate_classifier(
    model: Input[Model],
    test_set: Input[Dataset],
    target: str,
    metrics: Output[Metrics],
    classification: Output[ClassificationMetrics],
) -> float:
    """Returns the accuracy of a scikit-learn classifier; logs a confusion matrix and, for two classes, a ROC curve."""
    import joblib
    import numpy as np
    import pandas as pd
    from sklearn.metrics import accuracy_score, confusion_matrix, roc_auc_score, roc_curve

    rows = pd.read_csv(test_set.path)
    features, truth = rows.drop(columns=target), rows[target]
    classifier = joblib.load(model.path)
    prediction = classifier.predict(features)

    accuracy = float(accuracy_score(truth, prediction))
    metrics.log_metric("accuracy", accuracy)
    classes = [str(one) for one in classifier.classes_]
    matrix = confusion_matrix(truth, prediction, labels=classifier.classes_)
    classification.log_confusion_matrix(classes, matrix.tolist())
    if len(classes) == 2:
        positive = (truth == classifier.classes_[1]).astype(int)
        score = classifier.predict_proba(features)[:, 1]
        metrics.log_metric("roc_auc", float(roc_auc_score(positive, score)))
        false_positives, true_positives, thresholds = roc_curve(positive, score)
        # Fifty points draw the same curve; the first threshold is infinite, which JSON cannot hold.
        points = np.unique(np.linspace(0, len(thresholds) - 1, 50).astype(int))
        classification.log_roc_curve(
            false_positives[points].tolist(),
            true_positives[points].tolist(),
            thresholds[points].clip(max=1.0).tolist(),
        )
    print(f"accuracy {accuracy:.3f}")
    return accuracy


@dsl.component(
    base_image=IMAGE,
    packages_to_install=["mlflow==3.17.2", "pandas==2.3.3", "scikit-learn==1.7.2", "boto3"],
)
def register_model(model: Input[Model], name: str, accuracy: float = 0.0) -> int:
    """Registers a scikit-learn model with MLflow and returns the number of its version.

    Where MLflow is, the Secret slipway-connections says: Slipway's cluster has it, elsewhere you make one.
    """
    import os

    import joblib
    import mlflow
    from mlflow import sklearn

    # On Slipway's cluster the step has a run of its own in MLflow already.
    if "MLFLOW_RUN_ID" not in os.environ:
        mlflow.set_experiment(name)
    with mlflow.start_run():
        mlflow.log_metric("accuracy", accuracy)
        logged = sklearn.log_model(
            joblib.load(model.path),
            name="model",
            registered_model_name=name,
            # MLflow's own format refuses what selects columns, which most pipelines of scikit-learn have.
            serialization_format="cloudpickle",
        )
    version = int(logged.registered_model_version)
    print(f"{name} version {version}")
    return version


@dsl.component(
    base_image=IMAGE,
    packages_to_install=["feast[redis,aws,postgres]==0.67.0", "s3fs==2026.9.0"],
)
def historical_features(
    entities: Input[Dataset], project: str, feature_service: str, training_set: Output[Dataset]
):
    """Joins the features that were known at each row's event_timestamp to a table of entities, from Feast.

    Where Feast is, the Secret slipway-connections says: Slipway's cluster has it, elsewhere you make one.

    Args:
        entities: CSV with the entities' keys and event_timestamp.
        project: Feast project.
        feature_service: Which features.
        training_set: CSV of entities with their features.
    """
    import os

    import pandas as pd
    from feast import FeatureStore, RepoConfig

    store = FeatureStore(
        config=RepoConfig(
            project=project,
            provider="local",
            registry={"registry_type": "sql", "path": os.environ["FEAST_REGISTRY_URL"]},
            online_store={"type": "redis", "connection_string": os.environ["FEAST_REDIS_CONNECTION"]},
            offline_store={"type": "file"},
            entity_key_serialization_version=3,
        )
    )
    rows = pd.read_csv(entities.path, parse_dates=["event_timestamp"])
    features = store.get_feature_service(feature_service)
    joined = store.get_historical_features(entity_df=rows, features=features).to_df()
    joined.to_csv(training_set.path, index=False)
    training_set.metadata["rows"] = len(joined)


SECRET = "slipway-connections"
S3 = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_S3"]
MLFLOW = ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_S3_ENDPOINT_URL"]
FEAST = ["FEAST_REGISTRY_URL", "FEAST_REDIS_CONNECTION"]


def connect(task, variables):
    kubernetes.use_secret_as_env(task, SECRET, {name: name for name in variables}, optional=True)


# Settings of Kubernetes belong to tasks: a component that needs some is the one step of a pipeline.
@dsl.pipeline(name=register_model.name, description=register_model.description)
def registration(model: Input[Model], name: str, accuracy: float = 0.0):
    connect(register_model(model=model, name=name, accuracy=accuracy), MLFLOW + S3)


@dsl.pipeline(name=historical_features.name, description=historical_features.description)
def joining(entities: Input[Dataset], project: str, feature_service: str):
    task = historical_features(entities=entities, project=project, feature_service=feature_service)
    connect(task, FEAST + S3)


STARTERS = [load_table, split_table, train_classifier, evaluate_classifier, registration, joining]


def main(out=Path(__file__).parent):
    for component in STARTERS:
        compiler.Compiler().compile(component, str(Path(out) / f"{component.name}.yaml"))


if __name__ == "__main__":
    main(*sys.argv[1:])
