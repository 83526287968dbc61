"""What a network learnt of some digits helps it with others: fine-tuning beside training from scratch.

LeNet-5 is trained on the digits 0 to 4. Then the digits 5 to 9 are learnt from 10, 50 and 200 pictures: by a head that
alone is trained, by all of the network from what it knows, and from scratch. Each number of pictures is drawn five
times; accuracy is on all pictures of 5 to 9 that were not trained on.

Run it with `python examples/transfer.py`: two minutes. `--quick` does one draw of each, with few epochs.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import netweight

digits = load_digits()
images, labels = (digits.images / 16).astype(np.float32), digits.target
low, high = labels < 5, labels >= 5
COUNTS = (10, 50, 200)

arguments = argparse.ArgumentParser()
arguments.add_argument("--quick", action="store_true")
quick = arguments.parse_args().quick
epochs, seeds = (2, 1) if quick else (30, 5)

with tempfile.TemporaryDirectory() as folder:
    first = netweight.train("lenet5", (images[low], labels[low]), epochs=2 if quick else 20, output=folder)
    known = Path(folder) / "best.safetensors"
    print(f"0 to 4: {100 * first.test.top1:.1f} % of {first.test.images} pictures right")

    ways = {
        "head alone": {"weights": known, "replace": "OUTPUT", "freeze": ["C1", "C3", "C5", "F6"], "lr": 0.03},
        "all of it, from what it knows": {"weights": known, "replace": "OUTPUT"},
        "the same, C1 and C3 at a tenth": {"weights": known, "replace": "OUTPUT", "lr_of": {"C[13]": 0.1}},
        "from scratch": {},
    }
    print(f"{'5 to 9, accuracy in % over draws':32}" + "".join(f"{count:>18} pictures" for count in COUNTS))
    for name, how in ways.items():
        line = f"{name:32}"
        for count in COUNTS:
            share = count / high.sum()
            found = [
                100 * netweight.train(
                    "lenet5", (images[high], labels[high] - 5), epochs=epochs, batch=10, seed=seed,
                    fractions=(share, 0, 1 - share), **how,
                ).test.top1
                for seed in range(seeds)
            ]  # fmt: skip
            spread = f"{min(found):.1f} to {max(found):.1f}"
            line += f"{statistics.mean(found):8.1f} ({spread:>16})"
        print(line)
    frozen = netweight.train("lenet5", (images[high], labels[high] - 5), epochs=3, **ways["head alone"])
    whole = netweight.train("lenet5", (images[high], labels[high] - 5), epochs=3)
    share = frozen.cost.step_macs / whole.cost.step_macs
    print(f"a step with the head alone takes {share:.2f} of the MACs of a whole one, and ", end="")
    seconds = [min(epoch.seconds for epoch in run.epochs) for run in (frozen, whole)]
    print(f"{seconds[0] / seconds[1]:.2f} of its time")
