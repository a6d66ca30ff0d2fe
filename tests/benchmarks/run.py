"""Timings side by side with what a user would pick instead, as Markdown: `python -m tests.benchmarks.run`.

Peers are the optional extra `bench` (`pip install -e '.[bench]'`); torchview also needs graphviz's `dot`. Absolute
times depend on the machine; the ratios are what to read.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from explorer.base.torch_environment import TORCH_ENVIRONMENT
from explorer.networks.catalogue import all_entries
from tests.benchmarks.own_modules import MODULES, TOOLS

PICTURES = ["alexnet", "vgg16", "googlenet", "resnet50", "densenet121", "mobilenet_v2", "efficientnet_b0"]
LARGE = ["densenet201", "efficientnet_b7"]
EVERY_KIND = ["mobilenet_v2", "shufflenet_v2_x1_0", "resnet50", "vgg16", "efficientnet_b7"]


def asked(module: str, *arguments: str) -> Any:
    """What a benchmark in a process of its own found."""
    environment = os.environ | TORCH_ENVIRONMENT | {"QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
        capture_output=True,
        text=True,
        env=environment,
    )
    sys.stderr.write(done.stderr[-2000:] if done.returncode else "")
    return json.loads(done.stdout) if done.returncode == 0 else dict.fromkeys(arguments[1:])


def milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{1e3 * seconds:.1f}"


def figures(keys: list[str]) -> None:
    print("\n## Figures after an edit (ms)\n")
    print(
        "| network | this app | first time seen | torchinfo | fvcore | torch's counter | fastest of them / this app |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    ours = asked("ours", "figures", *keys)
    peers = {tool: asked("peers", tool, *keys) for tool in ("torchinfo", "fvcore", "torch")}
    ratios: dict[str, float] = {}
    for key in keys:
        theirs = [peers[tool][key] for tool in peers]
        fastest = min((t for t in theirs if t is not None), default=None)
        if fastest is not None:
            ratios[key] = fastest / ours[key]["median"]
        cells = [milliseconds(t) for t in (ours[key]["median"], ours[key]["first"], *theirs)]
        print(f"| {key} | {' | '.join(cells)} | {f'{ratios[key]:.1f}×' if key in ratios else '–'} |")
    for tool in (tool for tool in peers if not any(peers[tool].values())):
        print(f"\n{tool}: not measured; `pip install -e '.[bench]'` installs what is compared with.")
    if not ratios:
        return
    least = min(ratios, key=lambda key: ratios[key])
    print(f"\nSmallest ratio: {ratios[least]:.1f}× ({least}); median {statistics.median(ratios.values()):.1f}×.")


def first_picture(keys: list[str]) -> None:
    print("\n## From a key to the first painted graph, process warm (ms)\n")
    print(
        "| network | this app, blocks | unfolded | torchview + dot | that / blocks | that / unfolded "
        "| build + trace + shapes | blocks / that |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    ours = asked("ours", "first_picture", *keys)
    dot, trace = asked("peers", "torchview", *keys), asked("peers", "trace", *keys)
    for key in keys:
        blocks, ops = ours[key]["blocks"], ours[key]["ops"]
        ratios = [f"{dot[key] / ours_:.1f}×" if dot[key] else "–" for ours_ in (blocks, ops)]
        share = f"{blocks / trace[key]:.2f}×" if trace[key] else "–"
        cells = [
            milliseconds(blocks),
            milliseconds(ops),
            milliseconds(dot[key]),
            *ratios,
            milliseconds(trace[key]),
            share,
        ]
        print(f"| {key} | {' | '.join(cells)} |")


def exports(keys: list[str]) -> None:
    print("\n## Everything unfolded, as a file (s)\n")
    print("| network | PNG, 4,000 pixels wide | million pixels | SVG | PDF | torchview + dot, PNG | that / PNG |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    ours, dot = asked("ours", "exports", *keys), asked("peers", "torchview", *keys)
    for key in keys:
        own, theirs = ours[key], dot[key]
        ratio = f"{theirs / own['.png']:.1f}×" if theirs else "–"
        cells = [f"{own['.png']:.2f}", f"{own['pixels'] / 1e6:.0f}", f"{own['.svg']:.2f}", f"{own['.pdf']:.2f}"]
        print(f"| {key} | {' | '.join(cells)} | {f'{theirs:.2f}' if theirs else '–'} | {ratio} |")


def panning(keys: list[str]) -> None:
    print("\n## Panning with everything unfolded, 1280 × 800, software rendering (ms a frame)\n")
    print("| network | zoom | cards in sight | median | 95 % | worst | whole repaint |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for key, rows in asked("ours", "panning", *keys).items():
        for row in rows:
            cells = [f"{row[name]:.1f}" for name in ("median", "p95", "max", "whole")]
            print(f"| {key} | {row['scale']:.2f} | {row['cards']} | {' | '.join(cells)} |")


def edits(keys: list[str]) -> None:
    print("\n## Options of a selection, width changes counted, undo (ms of one core)\n")
    print(
        "| network | options: network, on opening | a card: median | 95 % | worst "
        "| card and network after an edit | undo |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    found = asked("edits", "edits", *keys)
    for key, row in found.items():
        cells = [milliseconds(row[name]) for name in ("opened", "later", "most", "worst", "edited")]
        print(f"| {key} | {' | '.join(cells)} | {1e3 * row['undo']:.3f} |")
    print("\n| network | width of | first time in the process | later |")
    print("|---|---|---:|---:|")
    for key, row in found.items():
        for what, times in row["widths"].items():
            print(f"| {key} | {what} | {milliseconds(times['first'])} | {milliseconds(times['later'])} |")


def outputs(keys: list[str]) -> None:
    print("\n## Output after an edit of one activation (ms of one core)\n")
    print("| network | activation | ops that ran | whole | changed part alone | here | here / part | whole / here |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for key, rows in asked("passes", "output", *keys).items():
        for row in rows:
            cells = [milliseconds(row[name]) for name in ("whole", "part", "here")]
            ratios = f"{row['ratio']:.2f} | {row['whole'] / row['here']:.1f}×"
            ran = f"{row['ran']:.0f} of {row['total']:.0f}"
            print(f"| {key} | {row['place']} | {ran} | {' | '.join(cells)} | {ratios} |")


def stalls(keys: list[str]) -> None:
    print("\n## The longest time the window does not answer while a network runs, and maps of a selection (ms)\n")
    print("| network | one photo | another | how long that pass took | selection to its maps: median | worst |")
    print("|---|---:|---:|---:|---:|---:|")
    maps = asked("passes", "selection", *keys)
    for key, row in asked("passes", "stall", *keys).items():
        cells = [row["rocket"], row["coffee"], row["pass"], maps[key]["median"], maps[key]["worst"]]
        print(f"| {key} | {' | '.join(f'{cell:.0f}' for cell in cells)} |")


def trainings(keys: list[str]) -> None:
    print("\n## Training: an epoch (ms of the processor), a run's start (s), the window's longest stall (ms)\n")
    print("| network | this app | plain loop of torch | this app / plain | start to first point | of it computing |")
    print("|---|---:|---:|---:|---:|---:|")
    for key, row in asked("training", *keys).items():
        ratio = f"{row['here'] / row['plain']:.2f}"
        starts = f"{row['start']:.1f} | {row['start_cpu']:.1f}"
        print(f"| {key} | {milliseconds(row['here'])} | {milliseconds(row['plain'])} | {ratio} | {starts} |")
    print("\n| network | longest stall while training, by the clock | of it computing |")
    print("|---|---:|---:|")
    for key, row in asked("passes", "training", *keys[:1]).items():
        print(f"| {key} | {row['clock']:.0f} | {row['computed']:.0f} |")


def own_modules() -> None:
    print("\n## Opening a module of one's own, verified (ms)\n")
    print("| module | build | forward | trace | open here | open / (build + forward + trace) "
          "| recording | torch.export | recording / torch.export | torchview | torchlens |")  # fmt: skip
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    parts = asked("own_modules", "parts", *MODULES)
    tools = {tool: asked("own_modules", tool, *MODULES) for tool in TOOLS}
    for key in MODULES:
        row = parts[key] or dict.fromkeys(("build", "forward", "trace", "open"))
        recording, exported = tools["recording"][key], tools["torch_export"][key]
        share = f"{row['open'] / (row['build'] + row['forward'] + row['trace']):.2f}" if parts[key] else "–"
        against = f"{recording / exported:.2f}" if recording and exported else "–"
        cells = [*map(milliseconds, row.values()), share, milliseconds(recording), milliseconds(exported), against]
        print(f"| {key} | {' | '.join(cells)} | {milliseconds(tools['torchview'][key])} "
              f"| {milliseconds(tools['torchlens'][key])} |")  # fmt: skip


def first_outputs(keys: list[str]) -> None:
    print("\n## First output after an edit, applied and run (ms of the processor)\n")
    print(
        "| network | edit | here | plain forward of the edited module | here / plain | weights there | that / plain |"
    )
    print("|---|---|---:|---:|---:|---:|---:|")
    for key, rows in asked("first_output", *keys).items():
        for title, row in (rows or {}).items():
            if row is not None:
                cells = [milliseconds(row["here"]), milliseconds(row["plain"]), f"{row['here'] / row['plain']:.2f}"]
                cells += [milliseconds(row["again"]), f"{row['again'] / row['plain']:.2f}"]
                print(f"| {key} | {title} | {' | '.join(cells)} |")


def _beside_plain(row: dict[str, float] | None) -> str:
    if row is None:
        return "–"
    return f"{milliseconds(row['here'])} / {milliseconds(row['plain'])} = {row['here'] / row['plain']:.2f}"


def every_kind(keys: list[str]) -> None:
    """For each kind of edit the times and their ratio on each network, a dash where it is not offered."""
    print("\n## First output after one edit of each kind / plain forward of the edited module (ms of the processor)\n")
    found = asked("first_output", "--kinds", *keys)
    print(f"| kind | {' | '.join(keys)} |\n|---|{'---:|' * len(keys)}")
    for kind in sorted({kind for rows in found.values() for kind in rows}):
        rows = [found[key].get(kind) for key in keys]
        print(f"| {kind} | {' | '.join(map(_beside_plain, rows))} |")


def start() -> None:
    print("\n## Start (s, median of 5)\n")
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    windows, shown, imports = [], [], []
    for _ in range(5):
        command = [sys.executable, "-m", "tests.benchmarks.start", str(time.time())]
        line = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout.split()
        windows.append(float(line[0]))
        shown.append(float(line[1]))
        begun = time.time()
        subprocess.run([sys.executable, "-c", "import torch, torchvision"], check=True)
        imports.append(time.time() - begun)
    print("| window on screen | MobileNet v2 with its figures on screen | `import torch, torchvision` alone |")
    print("|---:|---:|---:|")
    print(f"| {' | '.join(f'{statistics.median(values):.2f}' for values in (windows, shown, imports))} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--networks", nargs="+", metavar="KEY", help="for the figures (default: all) and, with --only, the pictures"
    )
    parser.add_argument(
        "--only",
        choices=(
            "figures",
            "pictures",
            "exports",
            "panning",
            "edits",
            "output",
            "first",
            "kinds",
            "own",
            "stall",
            "start",
            "training",
        ),
    )
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="of each timing (default 5)")
    chosen = parser.parse_args()
    os.environ["BENCHMARK_REPEATS"] = str(max(chosen.repeats, 1))
    pictures = chosen.networks if chosen.networks and chosen.only == "pictures" else PICTURES
    keys = chosen.networks or [entry.key for entry in all_entries()]
    if chosen.only in (None, "start"):
        start()
    if chosen.only in (None, "panning"):
        panning(LARGE)
    if chosen.only in (None, "edits"):
        edits(chosen.networks if chosen.networks and chosen.only == "edits" else [*LARGE, "resnet50", "mobilenet_v2"])
    if chosen.only in (None, "output"):
        outputs(["resnet152", "mobilenet_v2", "vgg19"])
    if chosen.only in (None, "first"):
        first_outputs(["vgg16", "resnet50", "shufflenet_v2_x1_0", "mobilenet_v2", "efficientnet_b7"])
    if chosen.only in (None, "kinds"):
        every_kind(chosen.networks if chosen.networks and chosen.only == "kinds" else EVERY_KIND)
    if chosen.only in (None, "own"):
        own_modules()
    if chosen.only in (None, "stall"):
        stalls(["vgg19", "efficientnet_b7"])
    if chosen.only in (None, "training"):
        trainings(["shufflenet_v2_x0_5", "resnet18", "design:lenet_5"])
    if chosen.only in (None, "exports"):
        exports(["resnet50", "efficientnet_b7", "densenet201"])
    if chosen.only in (None, "pictures"):
        first_picture(pictures)
    if chosen.only in (None, "figures"):
        figures(keys)


if __name__ == "__main__":
    main()
