"""What is known of a phone company's customers. After a change: `feast apply` here."""

import os
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, Int64

customer = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.INT64)

snapshots = FileSource(
    name="customer_snapshots",
    path="s3://feast/churn/snapshots.parquet",
    timestamp_field="event_timestamp",
    s3_endpoint_override=os.environ["AWS_ENDPOINT_URL_S3"],
    description="A row per customer and month, written by training/make_data.py",
)

customer_usage = FeatureView(
    name="customer_usage",
    entities=[customer],
    ttl=timedelta(days=90),
    schema=[
        Field(name="tenure_months", dtype=Int64),
        Field(name="monthly_charge", dtype=Float64),
        Field(name="support_calls", dtype=Int64, description="In the last month"),
        Field(name="contract_months", dtype=Int64, description="1 is a monthly contract"),
    ],
    source=snapshots,
)

churn = FeatureService(name="churn", features=[customer_usage], description="What the churn model takes")
