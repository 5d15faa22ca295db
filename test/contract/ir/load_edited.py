"""Edited pipelines as others read them: PyYAML, the SDK's protobuf classes, and the SDK's own loader.

Usage: python load_edited.py FOLDER   prints {file: {documents, error}}; error is null when all of them take the file.
"""

import json
import os
import sys

import yaml
from google.protobuf import json_format
from kfp import components
from kfp.pipeline_spec import pipeline_spec_pb2 as pb


def read(path: str) -> dict:
    # newline='': CRLF is part of what is tested.
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    documents = None
    try:
        documents = list(yaml.safe_load_all(text))
        if "pipeline_spec" in documents[0]:
            json_format.ParseDict(documents[0]["pipeline_spec"], pb.PipelineSpec())
            return {"documents": documents, "error": None}
        json_format.ParseDict(documents[0], pb.PipelineSpec())
        for document in documents[1:]:
            json_format.ParseDict(document, pb.PlatformSpec())
        components.load_component_from_text(text)
    except Exception as error:  # pylint: disable=broad-except
        return {"documents": documents, "error": f"{type(error).__name__}: {error}"[:2000]}
    return {"documents": documents, "error": None}


folder = sys.argv[1]
json.dump({name: read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))}, sys.stdout, default=str)
