"""Predicted beside measured, for networks that no law was fitted to: `python benchmarks/latency.py -o latency.json`.

Each engine is calibrated first. Then networks are measured, the engines one after the other for each network, and the
whole twice; the least processor time of a thread counts, which other programs disturb least. The probe of
``netweight.measuring.speed`` runs beside the calls, and both columns are at the speed that the machine had undisturbed
while it was calibrated. Beside the prediction
stand two plain ones: MACs by one rate, the geometric mean of these very networks, and the roofline of this machine
(peak of one core by its data sheet, bandwidth of main memory as measured by copying). Markdown on stdout.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np

from netweight import zoo
from netweight.analysis.devices.detect import machine
from netweight.analysis.latency.work import KernelWork
from netweight.app.calibrate import measured as calibrated
from netweight.calibration.calibration import Calibration
from netweight.calibration.measure import undisturbed_call
from netweight.calibration.predict import Prediction, predict
from netweight.engines.engine import Prepared
from netweight.engines.table import engine as engine_of
from netweight.ir import Graph, is_floating
from netweight.measuring.quality import disturbances, moment
from netweight.measuring.speed import Speed, speed_of
from netweight.runtime.weights import initialize

NETWORKS = (
    "alexnet", "vgg11", "vgg16", "resnet18", "resnet50", "mobilenet_v1", "mobilenet_v2", "densenet121", "googlenet",
    "inception_v3", "xception", "nin_imagenet", "vit_b_32", "bert_base",
)  # fmt: skip
ENGINES = ("onnxruntime", "openvino", "torch")
_LANES = (("avx512f", 64), ("fma", 32), ("asimd", 16))
"""Operations of float32 per cycle of a core with two vector pipes."""


def main() -> None:
    """Calibrate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.5, help="of each network on each engine in each pass")
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    engines, networks = args.engines.split(","), args.networks.split(",")
    before, started, own = moment(), time.perf_counter(), time.process_time()
    calibrations = {}
    for name in engines:
        say(f"calibrating {name}")
        calibrations[name] = calibrated(engine_of(name), 1)
    rows = rows_of(networks, calibrations, passes=args.passes, seconds=args.seconds)
    disturbed = disturbances(before, moment(), seconds=time.perf_counter() - started, own_s=time.process_time() - own)
    found = {
        "date": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "cpu": machine().cpu,
        "versions": {name: one.conditions.engine_version for name, one in calibrations.items()},
        "disturbed": list(disturbed),
        "left_out_error": {name: one.whole.error for name, one in calibrations.items()},
        "summary": {name: summary([row for row in rows if row["engine"] == name]) for name in engines},
        "rows": rows,
    }
    sys.stdout.write(markdown(found))
    if args.output:
        args.output.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def say(text: str) -> None:
    """On stderr, at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def rows_of(
    networks: list[str], calibrations: dict[str, Calibration], *, passes: int, seconds: float
) -> list[dict[str, Any]]:
    """Measured and predicted seconds, by engine and network."""
    least: dict[tuple[str, str], float] = {}
    speed = speed_of(1)
    for at in range(passes):
        for network in networks:
            graph = zoo.make(network)
            weights = initialize(graph)
            for name in calibrations:
                say(f"pass {at + 1} of {passes}: {network} on {name}")
                took = least_of(name, graph, weights, seconds, speed)
                least[name, network] = min(took, least.get((name, network), took))
    bandwidth, peak = bytes_per_second(), peak_ops_per_second()
    rows = []
    for network in networks:
        graph = zoo.make(network)
        for name, calibration in calibrations.items():
            expected = predict(graph, calibration)
            same_speed = (calibration.probe_s or speed.probe_s) / speed.probe_s
            rows.append(
                {
                    "network": network,
                    "engine": name,
                    "measured_s": least[name, network] * same_speed,
                    "predicted_s": expected.seconds,
                    "low_s": expected.low_s,
                    "high_s": expected.high_s,
                    "macs": sum(work.macs or 0 for work in expected.works),
                    "roofline_s": roofline(expected.works, peak, bandwidth),
                    "unpredicted": why_not(expected),
                }
            )
    for name in calibrations:
        mine = [row for row in rows if row["engine"] == name]
        rate = exp(sum(log(row["measured_s"] / row["macs"]) for row in mine) / len(mine))
        for row in mine:
            row["macs_by_rate_s"] = row["macs"] * rate
    return rows


def least_of(name: str, graph: Graph, weights: Mapping[str, Any], seconds: float, speed: Speed) -> float:
    """Least processor seconds of a call, undisturbed: one thread, so that they are its time on its own machine."""
    rng = np.random.default_rng(0)
    feeds = {}
    for entry in graph.inputs:
        spec = graph.spec(entry)
        drawn = rng.standard_normal(spec.shape) if is_floating(spec.dtype) else rng.integers(0, 1000, spec.shape)
        feeds[entry] = drawn.astype(spec.dtype)
    with tempfile.TemporaryDirectory() as folder:
        prepared = Prepared(graph=graph, weights=weights, feeds=feeds, folder=Path(folder))
        session = engine_of(name).load(prepared, threads=1, precision=None)
        times = []
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            times.append(undisturbed_call(session, speed))
        session.close()
    return min(times)


def peak_ops_per_second() -> float:
    """Of one core, by instruction set and clock."""
    here = machine()
    return (here.clock_hz or 2e9) * next((each for name, each in _LANES if name in here.sets), 8)


def bytes_per_second() -> float:
    """Of main memory: a copy of 256 MB, which is read and written."""
    source = np.ones(32 << 20)
    target = np.empty_like(source)
    times = []
    for _ in range(5):
        start = time.process_time()
        np.copyto(target, source)
        times.append(time.process_time() - start)
    return 2 * source.nbytes / min(times)


def roofline(works: tuple[KernelWork, ...], peak: float, bandwidth: float) -> float:
    """Sum of the larger of the two times of each kernel."""
    return sum(
        max(
            (work.ops_total or 0) / peak,
            ((work.weight_bytes or 0) + (work.input_bytes or 0) + (work.output_bytes or 0)) / bandwidth,
        )
        for work in works
    )


def why_not(expected: Prediction) -> list[str]:
    """Why kernels have no prediction."""
    return sorted({one.why_not for one in expected.kernels if one.why_not})


def summary(rows: list[dict[str, Any]]) -> dict[str, float | int]:
    """Mean absolute errors of the three, and how many intervals hold what was measured."""
    predicted = [row for row in rows if row["predicted_s"] is not None]
    return {
        "networks": len(rows),
        "predicted": len(predicted),
        "mape": mean_error(predicted, "predicted_s"),
        "mape_macs_by_rate": mean_error(rows, "macs_by_rate_s"),
        "mape_roofline": mean_error(rows, "roofline_s"),
        "inside": sum(row["low_s"] <= row["measured_s"] <= row["high_s"] for row in predicted),
    }


def mean_error(rows: list[dict[str, Any]], key: str) -> float:
    """Mean of the errors without signs, as parts of what was measured."""
    return sum(abs(row[key] / row["measured_s"] - 1) for row in rows) / len(rows) if rows else float("nan")


def markdown(found: dict[str, Any]) -> str:
    """The table, one line per network and engine, and a summary."""
    lines = [f"{found['date'][:10]}, {found['cpu']}, one thread, float32, batch 1. Milliseconds."]
    lines += [f"While this was measured, {words}." for words in found["disturbed"]]
    lines += [
        "",
        "| network | engine | measured | predicted | 80 % interval | error | MACs by a rate | roofline |",
        "|---|---|---:|---:|---|---:|---:|---:|",
    ]
    for row in found["rows"]:
        took = row["measured_s"]
        cells = [row["network"], row["engine"], f"{1e3 * took:.1f}"]
        if row["predicted_s"] is None:
            cells += ["none", "; ".join(row["unpredicted"]), ""]
        else:
            cells += [
                f"{1e3 * row['predicted_s']:.1f}",
                f"{1e3 * row['low_s']:.1f} to {1e3 * row['high_s']:.1f}",
                f"{100 * (row['predicted_s'] / took - 1):+.0f} %",
            ]
        cells += [f"{100 * (row[key] / took - 1):+.0f} %" for key in ("macs_by_rate_s", "roofline_s")]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "| engine | networks | mean error, predicted | inside the interval | MACs by a rate | roofline |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, one in found["summary"].items():
        lines.append(
            f"| {name} {found['versions'][name]} | {one['networks']} | {100 * one['mape']:.1f} % "
            f"| {one['inside']} of {one['predicted']} | {100 * one['mape_macs_by_rate']:.0f} % "
            f"| {100 * one['mape_roofline']:.0f} % |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
