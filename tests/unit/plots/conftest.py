"""What the tests of figures share: invented data, and checks of a drawn figure."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from cohort import plots
from cohort.analysis.rates import poisson_limits
from cohort.codebook import load_codebook
from cohort.disclosure import Disclosure
from cohort.results import Estimate, NotTestable, Result

STRICT = Disclosure(5, 5)
FLOW = ["label", "n", "excluded", "reason"]


def ratio(label: str, value: float, error: float = 0.1, n: int = 8276, events: int = 712) -> Estimate:
    return Estimate(label, "odds ratio", value, error, scale="log", null=1.0, n=n, events=events)


def rate(label: str, events: int, n: int) -> Estimate:
    years = 7.3 * n
    low, high = poisson_limits(events)
    return Estimate(
        label, "incidence rate per 1,000 person-years", 1000 * events / years, 1000 * events**0.5 / years, n=n,
        events=events or None, bounds=(1000 * low / years, 1000 * high / years),
    )  # fmt: skip


def share(label: str, value: float, n: int) -> Estimate:
    return Estimate(label, "prevalence", value, (value * (1 - value) / n) ** 0.5, n=n)


def whole_figure(ax: Axes) -> Figure:
    whole = ax.get_figure(root=True)
    assert isinstance(whole, Figure)
    return whole


def visible_texts(ax: Axes) -> list[Text]:
    """Return all texts that are really drawn: with letters, visible, and not of a hidden axis."""
    whole = whole_figure(ax)
    FigureCanvasAgg(whole).draw()
    found = [text for text in whole.findobj(Text) if text.get_visible() and text.get_text().strip()]
    axes = [one for one in whole.findobj(Axes) if isinstance(one, Axes)]
    hidden = {id(t) for one in axes if not one.axison for axis in (one.xaxis, one.yaxis) for t in axis.findobj(Text)}
    # A tick beyond the limits keeps its label but does not draw it.
    for one in axes:
        for axis, limits in ((one.xaxis, one.get_xlim()), (one.yaxis, one.get_ylim())):
            low, high = sorted(limits)
            for tick in axis.get_major_ticks() + axis.get_minor_ticks():
                tolerance = 1e-6 * abs(high - low)
                if not low - tolerance <= tick.get_loc() <= high + tolerance:
                    hidden |= {id(tick.label1), id(tick.label2)}
    return [text for text in found if id(text) not in hidden]


@pytest.fixture
def words() -> Callable[[Axes], list[str]]:
    return lambda ax: [text.get_text() for text in visible_texts(ax)]


@pytest.fixture
def outside() -> Callable[[Axes], list[str]]:
    """Return a check: the texts that are not wholly on the canvas."""

    def check(ax: Axes) -> list[str]:
        texts = visible_texts(ax)
        canvas = whole_figure(ax).bbox
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
        return [
            text
            for text, box in boxes
            if box.x0 < canvas.x0 - 1 or box.y0 < canvas.y0 - 1 or box.x1 > canvas.x1 + 1 or box.y1 > canvas.y1 + 1
        ]

    return check


@pytest.fixture
def overlapping() -> Callable[[Axes], list[tuple[str, str]]]:
    """Return a check: pairs of texts that lie over each other by more than two pixels."""

    def check(ax: Axes) -> list[tuple[str, str]]:
        boxes = [(text.get_text(), text.get_window_extent()) for text in visible_texts(ax)]
        return [
            (one, other)
            for (one, a), (other, b) in itertools.combinations(boxes, 2)
            if min(a.x1, b.x1) - max(a.x0, b.x0) > 2 and min(a.y1, b.y1) - max(a.y0, b.y0) > 2
        ]

    return check


@pytest.fixture(autouse=True)
def no_figure_left_with_pyplot() -> Iterator[None]:
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def people(n: int = 800) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "age_years": rng.integers(20, 81, n).astype(float),
            "bmi_kg_m2": np.exp(rng.normal(3.3, 0.22, n)),
            "phq9_total": rng.negative_binomial(1, 0.24, n).clip(0, 27).astype(float),
            "crp_mg_l": np.exp(rng.normal(0.5, 1.2, n)),
            "smoking": pd.Categorical(rng.choice(["never", "former", "current"], n), ["never", "former", "current"]),
            "has_multiple_sclerosis": pd.array(np.arange(n) < 3, dtype="boolean"),
        }
    )
    table.loc[rng.random(n) < 0.2, "crp_mg_l"] = np.nan
    table.loc[rng.random(n) < 0.1, "phq9_total"] = np.nan
    table.loc[:1, "age_years"] = np.nan
    return table


VARIABLES = [*people(10).columns, "ctq_total"]
NOT_TESTABLE = NotTestable("Multiple sclerosis", "fewer than 5 people with the disease have the outcome")
NAMES = ["Any autoimmune disease", "Rheumatoid arthritis", "Systemic lupus erythematosus with nephritis"]
ADJUSTED: list[Result] = [*(ratio(name, 1.2 + place / 3) for place, name in enumerate(NAMES)), NOT_TESTABLE]
CRUDE: list[Result] = [ratio(name, 1.9 + place / 3, n=9000, events=3) for place, name in enumerate(NAMES)]
STEPS = pd.DataFrame(
    [["People in the files", 15563, 0, ""], ["Adults", 9232, 6328, "age below 20"], ["Eligible", 9229, 3, "pregnant"]],
    columns=FLOW,
)
BRANCHES = pd.DataFrame(
    [["PHQ-9 total", 8276, 953, "too few items answered"], ["CTQ-SF total", 0, 9229, "not in this cohort"]],
    columns=FLOW,
)
LEDGER = pd.DataFrame(
    [
        ["unit_conversion", "labs", "crp_mg_l", "map", 15000],
        ["range_hard", "visits", "bmi_kg_m2", "set_missing", 12],
        ["conflict", "diagnoses", "", "quarantine", 2],
    ],
    columns=["rule", "table", "column", "action", "count"],
)
STRATA = {
    "no depression": [share("<1 mg/L", 0.4, 4003), share("1-3 mg/L", 0.3, 3003)],
    "depression": [share("<1 mg/L", 0.3, 303), NotTestable("1-3 mg/L", "no one has the outcome")],
}
GRAPH: nx.DiGraph = nx.DiGraph(
    [("age", "aid"), ("age", "dep"), ("u_family", "aid"), ("u_family", "dep"), ("aid", "crp"), ("crp", "dep")]
)
LAYERS = {"age": 0, "u_family": 0, "aid": 3, "crp": 4, "dep": 5}
PROFILE = pd.DataFrame(
    [[0.4, -1.2], [-0.2, 0.6], [2.22, -2.22]],
    index=["Group 1", "Group 2", "Group 3"],
    columns=["C-reactive protein", "Tumour necrosis factor alpha"],
)
POWER = pd.DataFrame({"n": [200, 1000, 9000], "odds_ratio": [8.0, 2.5, 1.4]})
RATES: dict[str, list[Result]] = {
    "without any autoimmune disease": [rate("0–9", 0, 4003), rate("10–19", 33, 3003), rate("20–29", 303, 712)],
    "after any autoimmune disease": [
        rate("10–19", 7, 303),
        rate("20–29", 3, 90),
        NotTestable("30–39", "nobody at risk"),
    ],
}
MISSED = pd.DataFrame({"separation": [1, 2, 3], "power": [0.0, 0.3, 1.0], "series": "n = 500"})


def _all() -> dict[str, Callable[[Axes | None], Axes]]:
    codebook = load_codebook()
    rng = np.random.default_rng(3)
    values = np.append(rng.normal(0, 1, 400), 12.0)
    null = rng.normal(size=99)
    x = np.linspace(-4, 4, 50)
    curve = {"best single-peaked curve": (x, np.exp(-(x**2) / 2) / 2.507)}
    return {
        "flow": lambda ax: plots.draw_flow(STEPS, BRANCHES, disclosure=STRICT, ax=ax),
        "missingness": lambda ax: plots.draw_missingness(
            people(), VARIABLES, codebook=codebook, disclosure=STRICT, ax=ax
        ),
        "distributions": lambda ax: plots.draw_distributions(people(), VARIABLES, codebook, disclosure=STRICT, ax=ax),
        "hexbin": lambda ax: plots.draw_hexbin(people(), "bmi_kg_m2", "crp_mg_l", codebook, disclosure=STRICT, ax=ax),
        "forest": lambda ax: plots.draw_forest(
            {"crude": CRUDE, "adjusted": ADJUSTED},
            reference={NAMES[0]: [("Siegmann 2018", 1.5, 1.2, 1.9)]},
            claimed=3,
            claimed_label="claimed: threefold",
            directions=("less depression", "more depression"),
            disclosure=STRICT,
            ax=ax,
        ),
        "truth": lambda ax: plots.draw_truth({"crude": CRUDE, "adjusted": ADJUSTED}, {NAMES[0]: 1.25}, ax=ax),
        "strata": lambda ax: plots.draw_strata(STRATA, disclosure=STRICT, xlabel="C-reactive protein", ax=ax),
        "interaction": lambda ax: plots.draw_interaction(
            STRATA, contrasts=[NotTestable("RERI", "one cell is empty")], disclosure=STRICT, ax=ax
        ),
        "ledger": lambda ax: plots.draw_ledger(LEDGER, disclosure=STRICT, codebook=codebook, ax=ax),
        "null": lambda ax: plots.draw_null_distribution(null, 2.0, ax=ax),
        "axis": lambda ax: plots.draw_axis(values, curves=curve, disclosure=STRICT, ax=ax),
        "profiles": lambda ax: plots.draw_profiles(
            PROFILE, sizes={"Group 1": 503, "Group 2": 90, "Group 3": 3}, disclosure=STRICT, ax=ax
        ),
        "graph": lambda ax: plots.draw_graph(
            GRAPH,
            LAYERS,
            exposure="aid",
            outcome="dep",
            adjusted=["age"],
            latent=["u_family"],
            open_paths=[("aid", "u_family", "dep")],
            ax=ax,
        ),
        "detectable": lambda ax: plots.draw_detectable(
            POWER, here=(8276, 1.42), claimed=3, claimed_label="claimed: threefold", disclosure=STRICT, ax=ax
        ),
        "missed": lambda ax: plots.draw_missed(MISSED, ax=ax),
        "rates by age": lambda ax: plots.draw_rates_by_age(RATES, disclosure=STRICT, ax=ax),
        "empty": lambda ax: plots.empty_axes(ax, NOT_TESTABLE.reason, title="Multiple sclerosis"),
    }


KINDS = sorted(_all())


@pytest.fixture(params=KINDS, scope="session")
def draw(request: pytest.FixtureRequest) -> Callable[[Axes | None], Axes]:
    """Return one of the drawing functions on invented data, each in turn."""
    return _all()[request.param]


@pytest.fixture(scope="session")
def drawn(draw: Callable[[Axes | None], Axes]) -> Axes:
    """Return a figure of its own, drawn once for all tests that only look at it."""
    return draw(None)
