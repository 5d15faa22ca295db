"""KServe's storage initializer: `python -m storage_initializer URI FOLDER [URI FOLDER …]`, as in upstream's image."""

import os
import sys

from kserve_storage import Storage
from kserve_storage.logging import configure_logging, logger


def main(words: list[str]) -> int:
    configure_logging()
    if not words or len(words) % 2 != 0:
        print("Usage: initializer-entrypoint src_uri_0 dest_path_0 ... src_uri_n dest_path_n")
        return 1
    sources, folders = words[::2], words[1::2]
    for folder in filter(None, folders):
        os.makedirs(folder, exist_ok=True)
    try:
        Storage.download_files(sources, folders)
    except Exception as error:
        logger.error("Storage initialization failed: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
