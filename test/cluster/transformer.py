"""A transformer of a user's own, as KServe's documentation writes them: halves what goes in, negates what comes out."""

import argparse

import kserve
from kserve import model_server


class Transformer(kserve.Model):
    def preprocess(self, payload, headers=None):
        return {"instances": [[value / 2 for value in row] for row in payload["instances"]]}

    def postprocess(self, result, headers=None, response_headers=None):
        return {"predictions": [-value for value in result["predictions"]]}


if __name__ == "__main__":
    args, _ = argparse.ArgumentParser(parents=[model_server.parser]).parse_known_args()
    model = Transformer(args.model_name)
    model.ready = True
    kserve.ModelServer().start([model])
