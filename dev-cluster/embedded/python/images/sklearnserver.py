"""KServe's scikit-learn server: `python -m sklearnserver --model_name NAME --model_dir FOLDER`, as in upstream's image."""

import argparse
import os
from pathlib import Path

import joblib
import kserve
from kserve.errors import InferenceError, ModelMissingError
from kserve.model_repository import ModelRepository
from kserve.utils.utils import get_predict_input, get_predict_response

SUFFIXES = {".joblib", ".pkl", ".pickle"}


class SklearnModel(kserve.Model):
    def __init__(self, name: str, folder: str):
        super().__init__(name)
        self._folder = Path(folder)
        self._estimator = None

    def load(self) -> bool:
        files = sorted(f for f in self._folder.iterdir() if f.is_file() and f.suffix in SUFFIXES)
        if not files:
            raise ModelMissingError(self._folder)
        if len(files) > 1:
            raise RuntimeError(f"More than one model file is detected, Only one is allowed within model_dir: {files}")
        self._estimator = joblib.load(files[0])
        self.ready = True
        return True

    def predict(self, payload, headers=None):
        try:
            rows = get_predict_input(payload)
            wants_probabilities = os.environ.get("PREDICT_PROBA", "false").lower() == "true"
            if wants_probabilities and hasattr(self._estimator, "predict_proba"):
                result = self._estimator.predict_proba(rows)
            else:
                result = self._estimator.predict(rows)
            return get_predict_response(payload, result, self.name)
        except Exception as error:
            raise InferenceError(str(error)) from error


class SklearnModelRepository(ModelRepository):
    """One folder a model, for servers of several."""

    def __init__(self, folder: str):
        super().__init__(folder)
        self.load_models()

    async def load(self, name: str) -> bool:
        return self.load_model(name)

    def load_model(self, name: str) -> bool:
        model = SklearnModel(name, os.path.join(self.models_dir, name))
        if model.load():
            self.update(model)
        return model.ready


def main() -> None:
    parser = argparse.ArgumentParser(parents=[kserve.model_server.parser])
    parser.add_argument("--model_dir", required=True, help="A local path to the model binary")
    args, _ = parser.parse_known_args()
    if args.configure_logging:
        kserve.logging.configure_logging(args.log_config_file)
    model = SklearnModel(args.model_name, args.model_dir)
    try:
        model.load()
    except ModelMissingError:
        kserve.ModelServer(registered_models=SklearnModelRepository(args.model_dir)).start([])
    else:
        kserve.ModelServer().start([model])


if __name__ == "__main__":
    main()
