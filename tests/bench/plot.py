"""The plot: requests a second against the number of tasks, a line for each client, as SVG."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from statistics import median

from .row import Speed

__all__ = ["draw"]

STYLES = {  # colour, marker, width: the limit recedes, ours stands out; colours that the colour-blind tell apart
    "trio_api": ("#d55e00", "o", 2.6),
    "bare": ("#888888", "", 1.4),
    "aiohttp": ("#0072b2", "s", 1.6),
    "openai": ("#009e73", "^", 1.6),
    "httpx2": ("#cc79a7", "D", 1.6),
    "httpx": ("#e69f00", "v", 1.6),
}


def draw(speeds: Iterable[Speed], path: Path) -> None:
    """Write the plot of *speeds* to *path*.

    Raises:
        ImportError: matplotlib is not installed.
    """
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot, ticker

    by_client: dict[str, list[Speed]] = {}
    for speed in sorted(speeds, key=lambda speed: speed.tasks):
        by_client.setdefault(speed.client, []).append(speed)
    # text stays text, and the same figures give the same file
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "trio_api", "font.family": "sans-serif"}):
        figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
        for client, (colour, marker, width) in STYLES.items():
            if points := by_client.get(client):
                tasks = [point.tasks for point in points]
                axes.plot(
                    tasks,
                    [median(point.rates) for point in points],
                    color=colour,
                    marker=marker,
                    linewidth=width,
                    linestyle="-" if marker else "--",
                    label=points[0].label,
                )
        axes.set(xscale="log", yscale="log", xlabel="tasks at a time", ylabel="requests a second")
        numbers = sorted({point.tasks for points in by_client.values() for point in points})
        axes.set_xticks(numbers, [f"{number:,}" for number in numbers])
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        axes.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
        axes.grid(which="major", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside upper center", ncols=3, frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
        pyplot.close(figure)
