"""Invents customers of a phone company: their monthly snapshots, and who of them left. The same seed, the same ones."""

import io
from datetime import datetime, timedelta, timezone

import boto3
import numpy as np
import pandas as pd

CUSTOMERS = 1000
MONTHS = 3
MONTH = timedelta(days=30)


def make(seed: int = 7):
    random = np.random.default_rng(seed)
    tenure = random.integers(MONTHS, 73, CUSTOMERS)
    charge = random.normal(65, 20, CUSTOMERS).clip(18, 130).round(2)
    contract = random.choice([1, 12, 24], CUSTOMERS, p=[0.55, 0.25, 0.2])
    today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    ids = np.arange(1001, 1001 + CUSTOMERS)

    snapshots = pd.concat(
        pd.DataFrame(
            {
                "customer_id": ids,
                "event_timestamp": today - age * MONTH,
                "tenure_months": tenure - age,
                "monthly_charge": charge,
                "support_calls": random.poisson(1.4, CUSTOMERS),
                "contract_months": contract,
            }
        )
        for age in reversed(range(MONTHS))
    )

    # New, dear and annoyed customers leave; a long contract holds them. Known of the month before this one.
    known = snapshots[snapshots["event_timestamp"] == today - MONTH]
    pull = (
        0.9
        - 0.065 * known["tenure_months"]
        + 0.035 * (known["monthly_charge"] - 65)
        + 0.75 * (known["support_calls"] - 1.4)
        - 0.12 * known["contract_months"]
    )
    churned = (random.random(CUSTOMERS) < 1 / (1 + np.exp(-pull))).astype(int)
    labels = pd.DataFrame(
        {"customer_id": ids, "event_timestamp": today - MONTH + timedelta(days=7), "churned": churned.to_numpy()}
    )
    return snapshots, labels


if __name__ == "__main__":
    s3 = boto3.client("s3")
    for name, table in zip(("snapshots", "labels"), make()):
        body = io.BytesIO()
        table.to_parquet(body, index=False)
        s3.put_object(Bucket="feast", Key=f"churn/{name}.parquet", Body=body.getvalue())
        print(f"s3://feast/churn/{name}.parquet: {len(table)} rows")
