"""The MLflow server in one process, behind a credential. `mlflow server` itself starts three, and lets anyone in."""

import os

# What `mlflow server` hands to its workers; private names, so the version is pinned and tested.
os.environ["_MLFLOW_SERVER_FILE_STORE"] = os.environ["SLIPWAY_MLFLOW_STORE"]
os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = os.environ["SLIPWAY_MLFLOW_ARTIFACTS"]
os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"

from credential import serve  # noqa: E402


def upgrade(store: str) -> None:
    """Brings the tables of an earlier MLflow up to date; an empty database gets its tables from MLflow itself."""
    from mlflow.store.db.utils import (
        _get_latest_schema_revision,
        _get_schema_version,
        _upgrade_db,
        create_sqlalchemy_engine_with_retry,
    )

    engine = create_sqlalchemy_engine_with_retry(store)
    known = _get_schema_version(engine)
    if known is not None and known != _get_latest_schema_revision():
        _upgrade_db(engine)
    engine.dispose()


if __name__ == "__main__":
    upgrade(os.environ["SLIPWAY_MLFLOW_STORE"])
    from mlflow.server.fastapi_app import app

    serve({int(os.environ["SLIPWAY_PORT"]): app}, open_paths=("/health", "/version"))
