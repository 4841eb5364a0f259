"""Expected values from SciPy and NumPy for the tests of the `statistics` crate.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1
    venv/bin/python tests/data/statistics.py > tests/data/statistics.csv

Each line is `function,samples,expected`. Samples are separated by `|` and the values of a sample by
spaces. A parameter is a sample of one value and comes first. Numbers are printed with the fewest
digits that read back as the same double.
"""

from itertools import combinations_with_replacement
from math import factorial

import numpy as np
from scipy import stats

rng = np.random.default_rng(20210831)


def row(function, *samples, expected):
    joined = "|".join(" ".join(repr(float(x)) for x in sample) for sample in samples)
    print(f"{function},{joined},{float(expected)!r}")


def trim_mean():
    for n in [1, 2, 3, 4, 5, 7, 8, 11, 12, 19, 20, 23]:
        x = rng.lognormal(sigma=2.0, size=n)
        row("trim_mean", x, expected=stats.trim_mean(x, 0.25))
    for failed in [1, 5, 6, 20]:
        x = rng.normal(size=20)
        x[:failed] = np.inf
        row("trim_mean", x, expected=stats.trim_mean(x, 0.25))


def quantile():
    for n in [1, 2, 5, 12, 20]:
        x = rng.normal(size=n) * 10
        for q in [0.0, 0.025, 0.1, 0.25, 0.3, 0.5, 0.6, 0.87, 0.9, 0.975, 1.0]:
            row("quantile", [q], x, expected=np.quantile(x, q))


def variance():
    for n in [2, 3, 20]:
        x = rng.normal(loc=5.0, size=n)
        row("variance", x, expected=np.var(x, ddof=1))


def binomial_quantile():
    """Bootstrap bounds of a proportion: the number of ones in a resample is binomial."""
    for n, ones in [(9, 4), (20, 6), (40, 14)]:
        x = np.repeat([1.0, 0.0], [ones, n - ones])
        for q in [0.025, 0.975]:
            count = stats.binom.ppf(q, n, ones / n)
            # The noise of the replicates must not be able to move the bound.
            steps = stats.binom.cdf([count - 1, count], n, ones / n)
            assert np.min(np.abs(steps - q)) > 0.003, (n, ones, q, steps)
            row("binomial_quantile", [q], x, expected=count / n)


def iqm_bound():
    """Bootstrap bounds of the interquartile mean, from the exact distribution of the resamples."""

    def bounds(means, weights, n):
        order = np.argsort(means)
        cumulative = np.cumsum(weights[order])
        alpha = 0.025 * (n - 5) / (n - 0.5)
        for q in [alpha, 1 - alpha]:
            place = np.searchsorted(cumulative, q)
            # The noise of the replicates must not be able to move the bound.
            steps = np.append(0.0, cumulative)[[place, place + 1]]
            if np.min(np.abs(steps - q)) < 0.0008:
                return None
            yield q, means[order][place]

    def all_resamples(x):
        """Every multiset, with the probability that it is drawn."""
        n = len(x)
        means, weights = [], []
        for drawn in combinations_with_replacement(range(n), n):
            copies = np.bincount(drawn, minlength=n)
            orders = factorial(n) / np.prod([float(factorial(c)) for c in copies])
            weights.append(orders / float(n) ** n)
            means.append(np.sort(x[list(drawn)])[n // 4 : n - n // 4].mean())
        means, groups = np.unique(np.round(means, 12), return_inverse=True)
        return means, np.bincount(groups, weights=weights)

    def two_values(low, high, n, highs):
        """The number of high values in a resample is binomial."""
        counts = np.arange(n + 1)
        middle = np.clip(counts - n // 4, 0, n - 2 * (n // 4)) / (n - 2 * (n // 4))
        with np.errstate(invalid="ignore"):
            means = np.where(middle == 0.0, low, low + middle * (high - low))
        means, groups = np.unique(means, return_inverse=True)
        return means, np.bincount(groups, weights=stats.binom.pmf(counts, n, highs / n))

    def rows(x, distribution):
        found = list(bounds(*distribution, len(x)))
        if len(found) == 2:
            for q, bound in found:
                row("iqm_bound", [q], x, expected=bound)

    own = np.random.default_rng(2015)
    for n in [6, 7, 8]:
        for _ in range(6):
            # Few digits, so that the means of different resamples are often equal.
            x = own.integers(0, 12, size=n) * 4.0
            rows(x, all_resamples(x))
    sizes = [(6, 2), (8, 3), (10, 1), (10, 4), (13, 6), (20, 2), (20, 3), (20, 11), (50, 9)]
    for n, highs in sizes:
        for low, high in [(1.0, 3.0), (0.0, np.inf)]:
            x = np.repeat([low, high], [n - highs, highs])
            rows(x, two_values(low, high, n, highs))


def expanded_tail():
    """Hesterberg's level with Student's t, from the size at which it decides the bounds."""
    for n in [6, 7, 8, 9, 10, 12, 15, 20, 30, 50, 100, 1000]:
        row("expanded_tail", [n], expected=stats.norm.cdf(-stats.t.ppf(0.975, n - 1)))


def normal_tail():
    near = [-8.0, -3.0, -1.0, -0.1, 0.0, 1e-9, 0.1, 0.5, 1.0, 1.5, 1.9, 1.999, 2.0, 2.001, 2.1]
    for z in [*near, 2.5, 3.0, 4.0, 5.5, 7.0, 10.0, 15.0, 20.0, 26.0, 30.0, 35.0, 37.0]:
        row("normal_tail", [z], expected=stats.norm.sf(z))


def wilcoxon():
    def p_value(d, method="auto"):
        return stats.wilcoxon(d, zero_method="wilcox", correction=False, method=method).pvalue

    # Exact, without ties or zeros.
    for n in [1, 2, 5, 6, 10, 20, 33, 50]:
        for shift in [0.0, 0.3, 0.8]:
            d = rng.normal(loc=shift, size=n)
            row("wilcoxon", d, expected=p_value(d, "exact"))
    # With ties or zeros, SciPy enumerates all sign patterns of up to 13 differences.
    for n in [3, 7, 10, 13]:
        for shift in [0, 1, 2]:
            d = rng.integers(-3, 4, size=n) + shift
            row("wilcoxon", d, expected=p_value(d))
    # The normal approximation of more than 50 differences, without and with ties and zeros.
    for n in [51, 80, 200]:
        for shift in [0.0, 0.3, 1.0]:
            d = rng.normal(loc=shift, size=n)
            row("wilcoxon", d, expected=p_value(d))
            d = np.round(2 * d) / 2
            if np.count_nonzero(d) > 50:
                row("wilcoxon", d, expected=p_value(d))
    for n in [6, 12, 20, 40]:
        for shift in [0.2, 1.0]:
            d = np.round(rng.normal(loc=shift, size=n) * 2)
            row("wilcoxon_asymptotic", d, expected=p_value(d, "asymptotic"))


def mann_whitney():
    for m, n in [(1, 1), (5, 5), (20, 20), (7, 12)]:
        x, y = rng.integers(0, 10, size=m), rng.integers(2, 12, size=n)
        # U of y counts the pairs with y > x.
        row("mann_whitney", x, y, expected=stats.mannwhitneyu(y, x).statistic / (m * n))


print("function,samples,expected")
for table in [
    trim_mean,
    quantile,
    variance,
    binomial_quantile,
    iqm_bound,
    expanded_tail,
    normal_tail,
    wilcoxon,
    mann_whitney,
]:
    table()
