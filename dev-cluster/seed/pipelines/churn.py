"""Customer churn: make data, train a classifier, look at how good it is, and package it if it is good enough.

Compile after a change:  python pipelines/churn.py
"""

from pathlib import Path

from kfp import compiler, dsl
from kfp.dsl import ClassificationMetrics, Dataset, Input, Markdown, Metrics, Model, Output

IMAGE = "python:3.11"
# One list for all steps that need it: they then share one environment.
PACKAGES = ["pandas==2.3.3", "scikit-learn==1.7.2"]


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def make_customers(rows: int, seed: int, customers: Output[Dataset]):
    """Invents customers of a phone company. The same seed gives the same customers."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "tenure_months": random.integers(1, 73, rows),
            "monthly_charge": random.normal(65, 20, rows).clip(18, 130).round(2),
            "support_calls": random.poisson(1.4, rows),
            "contract": random.choice(["monthly", "yearly", "two-year"], rows, p=[0.55, 0.25, 0.2]),
            "payment": random.choice(["card", "transfer", "cheque"], rows, p=[0.4, 0.35, 0.25]),
        }
    )
    # New, dear and annoyed customers leave; a long contract holds them.
    pull = (
        0.9
        - 0.065 * table["tenure_months"]
        + 0.035 * (table["monthly_charge"] - 65)
        + 0.75 * (table["support_calls"] - 1.4)
        + table["contract"].map({"monthly": 1.2, "yearly": -0.8, "two-year": -2.0})
        + table["payment"].map({"card": -0.2, "transfer": -0.1, "cheque": 0.5})
    )
    table["churned"] = (random.random(rows) < 1 / (1 + np.exp(-pull))).astype(int)

    table.to_csv(customers.path, index=False)
    customers.metadata["rows"] = rows
    customers.metadata["churn_rate"] = round(float(table["churned"].mean()), 4)
    print(f"{rows} customers, {table['churned'].mean():.1%} of them churned")


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def split(
    customers: Input[Dataset],
    test_share: float,
    seed: int,
    train_set: Output[Dataset],
    test_set: Output[Dataset],
):
    """Sets a random share of the customers aside for the evaluation."""
    import pandas as pd

    table = pd.read_csv(customers.path)
    test = table.sample(frac=test_share, random_state=seed)
    for artifact, part in ((train_set, table.drop(test.index)), (test_set, test)):
        part.to_csv(artifact.path, index=False)
        artifact.metadata["rows"] = len(part)
        print(f"{artifact.name}: {len(part)} rows")


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def train(train_set: Input[Dataset], regularization: float, model: Output[Model]):
    """Fits a logistic regression; a larger regularization means a simpler model."""
    import joblib
    import pandas as pd
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table = pd.read_csv(train_set.path)
    classifier = make_pipeline(
        make_column_transformer(
            (StandardScaler(), make_column_selector(dtype_include="number")),
            (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include=object)),
        ),
        LogisticRegression(C=1 / regularization, max_iter=1000),
    )
    classifier.fit(table.drop(columns="churned"), table["churned"])

    joblib.dump(classifier, model.path)
    model.metadata["framework"] = "scikit-learn"
    model.metadata["regularization"] = regularization


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def evaluate(
    model: Input[Model],
    test_set: Input[Dataset],
    metrics: Output[Metrics],
    classification: Output[ClassificationMetrics],
) -> float:
    """Returns the accuracy on the test set; logs a confusion matrix and a ROC curve."""
    import joblib
    import numpy as np
    import pandas as pd
    from sklearn.metrics import accuracy_score, confusion_matrix, roc_auc_score, roc_curve

    table = pd.read_csv(test_set.path)
    truth = table["churned"]
    probability = joblib.load(model.path).predict_proba(table.drop(columns="churned"))[:, 1]
    prediction = (probability >= 0.5).astype(int)

    accuracy = float(accuracy_score(truth, prediction))
    metrics.log_metric("accuracy", accuracy)
    metrics.log_metric("roc_auc", float(roc_auc_score(truth, probability)))

    classification.log_confusion_matrix(
        ["stayed", "churned"], confusion_matrix(truth, prediction).tolist()
    )
    false_positives, true_positives, thresholds = roc_curve(truth, probability)
    # Fifty points draw the same curve; the first threshold is infinite, which JSON cannot hold.
    points = np.linspace(0, len(thresholds) - 1, 50).astype(int)
    classification.log_roc_curve(
        false_positives[points].tolist(),
        true_positives[points].tolist(),
        thresholds[points].clip(max=1.0).tolist(),
    )
    print(f"accuracy {accuracy:.3f}")
    return accuracy


@dsl.component(base_image=IMAGE)
def package_model(
    model: Input[Model],
    accuracy: float,
    minimum_accuracy: float,
    package: Output[Model],
    model_card: Output[Markdown],
):
    """Copies the model to where it is served from and writes its card."""
    import shutil

    shutil.copyfile(model.path, package.path)
    package.metadata.update(model.metadata)
    package.metadata["accuracy"] = accuracy
    with open(model_card.path, "w") as file:
        file.write(
            "# Churn model\n\n"
            "| | |\n|---|---|\n"
            f"| Accuracy | {accuracy:.1%} |\n"
            f"| Needed | {minimum_accuracy:.1%} |\n"
            f"| Framework | {model.metadata['framework']} |\n"
            f"| Regularization | {model.metadata['regularization']:g} |\n"
        )


@dsl.pipeline(name="churn")
def churn(
    rows: int = 4000,
    seed: int = 7,
    test_share: float = 0.25,
    regularization: float = 1.0,
    minimum_accuracy: float = 0.75,
) -> float:
    """Trains a model that says which customers will leave.

    Args:
        rows: How many customers to invent.
        seed: The same seed gives the same customers and the same split.
        test_share: Share of the customers kept for the evaluation.
        regularization: Larger means a simpler model.
        minimum_accuracy: A model below this is not packaged.

    Returns:
        Accuracy on the test set.
    """
    customers = make_customers(rows=rows, seed=seed)
    parts = split(customers=customers.outputs["customers"], test_share=test_share, seed=seed)
    training = train(train_set=parts.outputs["train_set"], regularization=regularization)
    evaluation = evaluate(
        model=training.outputs["model"], test_set=parts.outputs["test_set"]
    )
    with dsl.If(evaluation.outputs["Output"] >= minimum_accuracy, name="good-enough"):
        package_model(
            model=training.outputs["model"],
            accuracy=evaluation.outputs["Output"],
            minimum_accuracy=minimum_accuracy,
        )
    return evaluation.outputs["Output"]


if __name__ == "__main__":
    compiler.Compiler().compile(churn, str(Path(__file__).with_suffix(".pipeline.yaml")))
