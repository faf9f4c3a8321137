"""Draw the plots of this page, and write its tables.

usage: python docs/resilience/draw.py        needs matplotlib (extra ``bench``); takes some minutes
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from simulations import RATES, Crowd, Faults, Tail, crowds, faults, tails

HERE = Path(__file__).parent
COLOURS = ("#888888", "#0072b2", "#d55e00", "#009e73")  # colours that the colour-blind tell apart
MARKERS = ("D", "s", "o", "^")
QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)


@contextmanager
def plot(name: str, rows: int = 1, columns: int = 1, **shape: Any) -> Iterator[Any]:
    """A figure that is written as SVG when the block is left."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot, ticker

    # text stays text, and the same figures give the same file
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "trio_api", "font.family": "sans-serif"}):
        figure, axes = pyplot.subplots(rows, columns, layout="constrained", **shape)
        yield axes
        for each in figure.axes:
            each.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
            each.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
            each.grid(which="major", alpha=0.3)
            each.spines[["top", "right"]].set_visible(False)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)
        figure.savefig(HERE / f"{name}.svg", format="svg", metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def draw_faults(found: Sequence[Faults]) -> None:
    """Attempts a call and success, against the rate of faults."""
    policies = list(dict.fromkeys(one.policy for one in found))
    with plot("faults", 1, 2, figsize=(9, 4.4), sharex=True) as (left, right):
        for policy, colour, marker in zip(policies, COLOURS, MARKERS, strict=True):
            own = [one for one in found if one.policy == policy]
            style: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 5, "label": policy}
            left.plot([100 * one.rate for one in own], [one.attempts_per_call for one in own], **style)
            right.plot([100 * one.rate for one in own], [100 * one.success for one in own], **style)
        left.set(xlabel="faults, % of attempts", ylabel="attempts a call", ylim=(0, 3.15))
        right.set(xlabel="faults, % of attempts", ylabel="calls that succeed, %", ylim=(-2, 104))


def draw_crowds(found: Sequence[Crowd]) -> None:
    """Requests a quarter of a second, against time."""
    edges = [number / 4 for number in range(29)]
    with plot("crowd", len(found), 1, figsize=(9, 4.6), sharex=True, sharey=True) as axes:
        for each, crowd, colour in zip(axes, found, (COLOURS[0], COLOURS[2]), strict=True):
            each.hist(crowd.times, bins=edges, color=colour)
            each.axvline(5, color="black", linestyle=":", linewidth=1)
            each.set(title=f"{crowd.policy}: {len(crowd.times)} requests", ylabel="requests in 0.25 s")
        axes[-1].set(xlabel="seconds; the server is closed until the dotted line")


def draw_tails(found: Sequence[Tail]) -> None:
    """The part of the calls that took longer, against seconds; both logarithmic."""
    with plot("tails", figsize=(9, 4.2)) as axes:
        for tail, colour in zip(found, (COLOURS[0], COLOURS[2]), strict=True):
            count = len(tail.latencies)
            slower = [100 * (count - place) / count for place in range(count)]
            axes.plot(tail.latencies, slower, color=colour, drawstyle="steps-post", label=tail.policy)
        axes.set(xscale="log", yscale="log", xlabel="seconds", ylabel="calls that take longer, %", ylim=(0.02, 110))


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A list-table of reStructuredText."""
    rows = [head, *lines]
    cells = "\n".join(
        "\n".join(f"    {'* -' if place == 0 else '  -'} {cell}" for place, cell in enumerate(row)) for row in rows
    )
    return f".. list-table::\n    :header-rows: 1\n\n{cells}\n"


def quantile(tail: Tail, part: float) -> float:
    """Seconds within which that part of the calls was answered."""
    return tail.latencies[min(int(part * len(tail.latencies)), len(tail.latencies) - 1)]


def tables(found: dict[str, Any]) -> dict[str, str]:
    """The tables of the page, by the names of their files."""
    some = [Faults(**one) for one in found["faults"]]
    crowd = found["crowd"]
    slow = found["tails"]
    policies = list(dict.fromkeys(one.policy for one in some))
    by_place = {(one.policy, one.rate): one for one in some}
    return {
        "faults.inc": table(
            ["policy", *(f"{rate:.0%} faults" for rate in RATES if rate in (0.1, 0.5, 1.0))],
            [
                [policy]
                + [
                    f"{by_place[policy, rate].attempts_per_call:.2f} attempts, {by_place[policy, rate].success:.1%}"
                    for rate in RATES
                    if rate in (0.1, 0.5, 1.0)
                ]
                for policy in policies
            ],
        ),
        "crowd.inc": table(
            ["policy", "requests", "in the first 5 s"],
            [[one["policy"], str(one["requests"]), str(one["early"])] for one in crowd],
        ),
        "tails.inc": table(
            ["policy", *(f"p{100 * part:g}" for part in QUANTILES), "requests a call"],
            [
                [one["policy"], *(f"{1000 * value:.0f} ms" for value in one["quantiles"]), f"{one['requests']:.3f}"]
                for one in slow
            ],
        ),
    }


def main() -> None:
    """Run the simulations, and write the figures, the tables and the plots."""
    some, many, slow = faults(), crowds(), tails()
    found: dict[str, Any] = {
        "faults": [attrs.asdict(one) for one in some],
        "crowd": [
            {"policy": one.policy, "requests": len(one.times), "early": sum(time < 5 for time in one.times)}
            for one in many
        ],
        "tails": [
            {
                "policy": one.policy,
                "quantiles": [quantile(one, part) for part in QUANTILES],
                "requests": one.requests_per_call,
            }
            for one in slow
        ],
    }
    (HERE / "figures.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for name, text in tables(found).items():
        (HERE / name).write_text(text, encoding="utf-8")
    draw_faults(some)
    draw_crowds(many)
    draw_tails(slow)


if __name__ == "__main__":
    main()
