"""Feast's feature server and its registry's REST server in one process, behind a credential."""

import os

from credential import serve
from feast import FeatureStore
from feast.api.registry.rest.rest_registry_server import RestRegistryServer
from feast.feature_server import get_app

# What `feast apply` has just written is seen this soon.
REGISTRY_TTL_SECONDS = 5

if __name__ == "__main__":
    store = FeatureStore(repo_path=os.environ["FEAST_REPOSITORY"])
    features = get_app(store, registry_ttl_sec=REGISTRY_TTL_SECONDS)
    registry = RestRegistryServer(store).app
    serve(
        {int(os.environ["SLIPWAY_PORT"]): features, int(os.environ["SLIPWAY_REGISTRY_PORT"]): registry},
        open_paths=("/health",),
    )
