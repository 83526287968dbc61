"""Puts the network that docs/tflite.md weighs beside you: keyword spotting, of MLCommons Tiny (Apache License 2.0).

python examples/tflite_file.py
"""

import shutil
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent / "tests" / "models" / "tflite"

if __name__ == "__main__":
    shutil.copyfile(MODELS / "mlperf_kws_ref_model.tflite", "kws.tflite")
