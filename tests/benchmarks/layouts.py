"""Layout beside what others use for it: `python -m tests.benchmarks.layouts [NODES …]` prints a table.

The same cards and links for all, everything unfolded: here in their nested frames, for graphviz's `dot` and for dagre
(Node's, fetched with npm into a temporary folder) without frames, which is less to do. Seconds of the processor, so
that other work on the machine counts for little; who takes longer than `PATIENCE` is given up. What is missing is said.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from PySide6.QtWidgets import QApplication

from explorer.analysis.analysis import analyse
from explorer.drawing import card_text
from explorer.graph.trace import trace
from explorer.layout import arrange
from explorer.layout.arrange import solve_cached
from explorer.presenters import build_diagram, expanded_at_level
from tests.large_network import large

PATIENCE = 120  # seconds
_DAGRE = """
const dagre = require("@dagrejs/dagre");
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
const graph = new dagre.graphlib.Graph({multigraph: true}).setGraph({}).setDefaultEdgeLabel(() => ({}));
for (const [name, width, height] of given.nodes) graph.setNode(name, {width, height});
given.links.forEach(([source, target], number) => graph.setEdge(source, target, {}, String(number)));
const start = process.cpuUsage();
dagre.layout(graph);
const used = process.cpuUsage(start);
console.log((used.user + used.system) / 1e6);
"""

Nodes = list[tuple[str, float, float]]
Links = list[tuple[str, str]]


def ours(nodes: int) -> tuple[float, Nodes, Links]:
    """Seconds of a layout with nothing remembered, the median of three, and what was laid out."""
    known = analyse(trace(large(nodes, rungs=max(nodes // 40, 1)), (1, 3, 256, 256)))
    shown = build_diagram(known, expanded_at_level(known, "ops"))
    sizes = {id: card_text.card_size(card) for id, card in shown.cards.items() if id not in shown.children}
    links = [(link.source, link.target) for link in shown.links]
    times = []
    for _ in range(3):
        solve_cached.cache_clear()
        start = time.process_time()
        arrange(shown.root, shown.children, links, sizes)
        times.append(time.process_time() - start)
    return statistics.median(times), [(id, *size) for id, size in sizes.items()], links


def dot(nodes: Nodes, links: Links) -> str:
    if shutil.which("dot") is None:
        return "dot is missing"
    lines = [f'"{id}" [width={width / 72:.3f} height={height / 72:.3f}]' for id, width, height in nodes]
    lines += [f'"{source}" -> "{target}"' for source, target in links]
    text = 'digraph { node [shape=box fixedsize=true label=""]\n' + "\n".join(lines) + "}"
    before = _children()
    try:
        subprocess.run(["dot", "-Tplain"], input=text, text=True, capture_output=True, timeout=PATIENCE, check=True)
    except subprocess.TimeoutExpired:
        return f"over {PATIENCE} s"
    except subprocess.CalledProcessError as failure:
        return f"failed: {failure.stderr.strip().splitlines()[-1][:60] if failure.stderr else failure.returncode}"
    return f"{_children() - before:.3f}"


def dagre(nodes: Nodes, links: Links, folder: Path | None) -> str:
    if folder is None:
        return "dagre is missing"
    command = ["node", "--stack-size=60000", "-e", _DAGRE]
    given, environment = json.dumps({"nodes": nodes, "links": links}), {**os.environ, "NODE_PATH": str(folder)}
    try:
        done = subprocess.run(
            command, input=given, text=True, capture_output=True, timeout=PATIENCE, check=True, env=environment
        )
    except subprocess.TimeoutExpired:
        return f"over {PATIENCE} s"
    except subprocess.CalledProcessError as failure:
        words = [line for line in failure.stderr.splitlines() if "Error" in line]
        crashed = "crashed, out of stack" if failure.returncode < 0 else f"failed: {failure.returncode}"
        return f"failed: {words[0][:60]}" if words else crashed
    return f"{float(done.stdout):.3f}"


def fetched(folder: str) -> Path | None:
    """Where Node finds dagre; None, and why, when it cannot be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("Node or npm is missing: dagre is left out", file=sys.stderr)
        return None
    command = ["npm", "install", "--silent", "--no-audit", "--prefix", folder, "@dagrejs/dagre"]
    if subprocess.run(command, capture_output=True, timeout=300).returncode:
        print("npm could not fetch @dagrejs/dagre: dagre is left out", file=sys.stderr)
        return None
    return Path(folder, "node_modules")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(sizes: list[int]) -> None:
    torch.set_num_threads(1)
    app = QApplication.instance() or QApplication([])
    assert app is not None
    print("| cards | links | this app, nested (s) | dot, flat (s) | dagre, flat (s) |")
    print("|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        modules = fetched(folder)
        for size in sizes:
            own, nodes, links = ours(size)
            row = (f"{own:.3f}", dot(nodes, links), dagre(nodes, links, modules))
            print(f"| {len(nodes):,} | {len(links):,} | {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [200, 2_000, 20_000])
