"""Trains the churn model once per regularization, side by side, and keeps the best one.

Compile after a change:  python pipelines/churn_search.py
"""

from pathlib import Path
from typing import List

from churn import IMAGE, PACKAGES, make_customers, split, train
from kfp import compiler, dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def score(model: Input[Model], test_set: Input[Dataset]) -> float:
    """Returns the area under the ROC curve on the test set."""
    import joblib
    import pandas as pd
    from sklearn.metrics import roc_auc_score

    table = pd.read_csv(test_set.path)
    probability = joblib.load(model.path).predict_proba(table.drop(columns="churned"))[:, 1]
    return float(roc_auc_score(table["churned"], probability))


@dsl.component(base_image=IMAGE)
def pick_best(
    models: Input[List[Model]], scores: List[float], best: Output[Model], metrics: Output[Metrics]
) -> float:
    """Returns the best score and copies the model that has it."""
    import shutil

    winner = max(range(len(scores)), key=lambda index: scores[index])
    shutil.copyfile(models[winner].path, best.path)
    best.metadata.update(models[winner].metadata)
    for model, value in zip(models, scores):
        regularization = model.metadata["regularization"]
        metrics.log_metric(f"roc_auc at {regularization:g}", value)
        print(f"regularization {regularization:g}: {value:.4f}")
    return scores[winner]


@dsl.pipeline(name="churn-search")
def churn_search(
    rows: int = 2000,
    seed: int = 7,
    regularizations: List[float] = [0.1, 1.0, 10.0, 100.0],
) -> float:
    """Searches for the regularization with the best ROC curve.

    Args:
        rows: How many customers to invent.
        seed: The same seed gives the same customers and the same split.
        regularizations: One model is trained for each.

    Returns:
        Area under the ROC curve of the best model.
    """
    customers = make_customers(rows=rows, seed=seed)
    parts = split(customers=customers.outputs["customers"], test_share=0.25, seed=seed)
    with dsl.ParallelFor(regularizations, name="each-regularization", parallelism=2) as value:
        training = train(train_set=parts.outputs["train_set"], regularization=value)
        scoring = score(model=training.outputs["model"], test_set=parts.outputs["test_set"])
    best = pick_best(
        models=dsl.Collected(training.outputs["model"]),
        scores=dsl.Collected(scoring.outputs["Output"]),
    )
    return best.outputs["Output"]


if __name__ == "__main__":
    compiler.Compiler().compile(churn_search, str(Path(__file__).with_suffix(".pipeline.yaml")))
