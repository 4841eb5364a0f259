//! Figures.

use super::*;
use roxmltree::Document;

/// The text of a figure, its parts, and the points of the first line of each titled group.
pub(super) struct Picture {
    parts: Vec<String>,
    pub(super) text: String,
    lines: Vec<(String, Vec<[f64; 2]>)>,
    svg: String,
}

impl Picture {
    pub(super) fn of(lab: &Lab, name: &str) -> Self {
        let svg = lab.read(&format!("results/known/plots/{name}.svg"));
        let document = Document::parse(&svg).unwrap();
        let nodes = document.descendants().filter(|node| node.is_text());
        let texts = nodes.filter_map(|node| node.text());
        let texts = texts.map(str::trim).filter(|text| !text.is_empty());
        let parts: Vec<String> = texts.map(str::to_owned).collect();
        // Captions are broken into lines.
        let text = parts.join(" ");
        let titled = document.descendants().filter_map(|node| {
            let title = node.children().find(|child| child.has_tag_name("title"))?.text()?;
            let line = node.descendants().find(|child| child.has_tag_name("polyline"))?;
            let points = line.attribute("points")?.split_whitespace().map(|point| {
                let (x, y) = point.split_once(',').unwrap();
                [x, y].map(|number| number.parse().unwrap())
            });
            Some((title.to_owned(), points.collect()))
        });
        Self { lines: titled.collect(), parts, text, svg: svg.clone() }
    }

    pub(super) fn shows(&self, words: &[&str]) {
        let missing: Vec<_> = words.iter().filter(|word| !self.text.contains(**word)).collect();
        assert!(missing.is_empty(), "no {missing:?} in {}", self.text);
    }

    /// The labels of the axes.
    pub(super) fn has_axes(&self, labels: [&str; 2]) {
        let has = |label: &&str| self.parts.iter().any(|part| part == label);
        assert!(labels.iter().all(has), "{labels:?} in {:?}", self.parts);
    }

    pub(super) fn points(&self, series: &str) -> &[[f64; 2]] {
        let found = self.lines.iter().find(|(title, _)| title == series);
        &found.unwrap_or_else(|| panic!("no {series}: {:?}", self.lines)).1
    }

    /// The points of a series do not go back, and its numbers fall (are lower on the page).
    fn falls(&self, series: &str, count: usize) {
        let points = self.points(series);
        assert_eq!(points.len(), count, "{series}: {points:?}");
        for pair in points.windows(2) {
            assert!(pair[0][0] < pair[1][0] && pair[0][1] < pair[1][1], "{series}: {points:?}");
        }
    }
}

const CAPTION: &str = "Interquartile mean over seeds. Each series is the best of its settings \
                       (learning rate) by validation loss.";

const SERIES: [&str; 3] = ["exact", "soft-argmax temperature=0.5", "soft-argmax temperature=1"];

/// The known losses, with an entropy that falls with the learning rate, and gradients of norm 1, which
/// are exact for one of the estimators.
fn drawn() -> Lab {
    let sensitivity =
        |x: &str, more: &str| format!("[[figure]]\nkind = \"sensitivity\"\nx = \"{x}\"\n{more}");
    let more = [
        "[gradient]\nevery = 1\ndraws = 2\n",
        &sensitivity("estimator.temperature", ""),
        &sensitivity("optimizer.learning-rate", "y = \"entropy\"\n"),
    ];
    reported(&format!("{EXPERIMENT}{}", more.concat()), |place, record| {
        known(place, record);
        set(record, "entropy", [1.0 - place.rate; 3]);
        let variance = if place.kind == "exact" { [0.0; 3] } else { [16.0, 4.0, 1.0] };
        record["gradient"] = json!({ "steps": [0, 1, 2], "metrics": {
            "total-variance": variance, "relative-squared-bias": [0.01, 0.04, 0.16],
            "exact-norm": [1.0, 1.0, 1.0], "mean-squared-error": [16.0, 4.0, 1.0] } });
    })
}

/// On a logarithmic axis equal ratios are equally far apart.
pub(super) fn is_logarithmic(points: &[[f64; 2]], numbers: [f64; 3]) {
    let [above, below] = [0, 1].map(|i| points[i + 1][1] - points[i][1]);
    let ratio = (numbers[0] / numbers[1]).ln() / (numbers[1] / numbers[2]).ln();
    assert!((above / below - ratio).abs() < 0.02, "{points:?}");
}

#[test]
fn figures_of_losses_by_hand() {
    let lab = drawn();
    let convergence = Picture::of(&lab, "convergence");
    let title = "Convergence: test loss, deployed with the hard argmax";
    convergence.shows(&[title, CAPTION, "predict the mean (13.5)"]);
    convergence.has_axes(["training step", "test loss"]);
    SERIES.iter().for_each(|series| convergence.falls(series, 3));
    is_logarithmic(convergence.points("exact"), [50.0, 14.5, 4.5]);
    // The reference of a comparison is gray, the others have the color of their kind.
    assert!(convergence.svg.contains("#565656") && convergence.svg.contains("#BF4306"));

    let last = Picture::of(&lab, "final");
    last.shows(&[
        "Test loss at the best step by validation loss",
        CAPTION,
        "lower is better",
        "Dot: one seed",
    ]);
    last.shows(&["test loss, deployed with the hard argmax", "predict the mean (13.5)"]);
    last.shows(&["exact: 4.5 [", "temperature=0.5: 5 [", "temperature=1: 4.25 ["]);
    // The best first.
    let places = [2, 0, 1].map(|row| last.svg.find(&format!("<title>{}: ", SERIES[row])));
    assert!(places[0] < places[1] && places[1] < places[2], "{places:?}");

    let along = Picture::of(&lab, "sensitivity-1");
    along.shows(&["Test loss against temperature", CAPTION]);
    along.has_axes(["temperature", "test loss"]);
    // 5 at a temperature of 0.5, 4.25 at 1.
    along.falls("soft-argmax", 2);
    let along = Picture::of(&lab, "sensitivity-2");
    along.shows(&["Entropy, nats against learning rate"]);
    along.has_axes(["learning rate", "entropy, nats"]);
    // Along a tuned parameter all cells are shown, not only the best.
    SERIES.iter().for_each(|series| along.falls(series, 2));
}

#[test]
fn figures_of_gradients_by_hand() {
    let lab = drawn();
    let variance = Picture::of(&lab, "variance");
    variance.shows(&["Variance of the logit gradient along training", CAPTION]);
    variance.has_axes(["training step", "total variance of one estimate"]);
    SERIES[1..].iter().for_each(|series| variance.falls(series, 3));
    // A zero among powers of ten does not make the axis linear.
    variance.shows(&["zero variance: exact"]);
    is_logarithmic(variance.points(SERIES[1]), [16.0, 4.0, 1.0]);

    let bias = Picture::of(&lab, "bias-variance");
    bias.shows(&["Bias and variance of the gradient", CAPTION, "lead from the first"]);
    bias.has_axes(["total variance of one estimate", "relative bias"]);
    // From a variance of 16 to one of 4, and from a bias of 0.1 to one of 0.2.
    for series in &SERIES[1..] {
        let path = bias.points(series);
        assert!(path[1][0] < path[0][0] && path[1][1] < path[0][1], "{series}: {path:?}");
    }

    let page = lab.read("results/known/report.html");
    for about in ["On rows that are not trained on.", "A dot is a seed.", "this estimator's own"] {
        assert!(page.replace("&#x27;", "'").contains(about), "{about}");
    }
}

/// A figure of one task and some estimators, as wide as asked for.
#[test]
fn a_figure_for_a_slide() {
    let experiment = EXPERIMENT.replace("inputs = 2", "inputs = 2\nsweep.categories = [3, 4]");
    let lab = reported(&experiment, known);
    let before = lab.results("results/known");
    let drawn = |arguments: &str| {
        lab.ok(&format!("figure known.toml {arguments}"));
        lab.read("known-convergence.svg")
    };
    let all = drawn("");
    assert!(all.contains("categories=3") && all.contains("categories=4"));
    let part = drawn("--task categories=4 --estimator exact --width 640");
    assert!(part.contains("width=\"640\"") && !part.contains("categories=3"), "{part}");
    assert!(part.contains(">exact<") && !part.contains("soft-argmax"), "{part}");
    // By label, and by kind.
    let label = ["figure", "known.toml", "--estimator", "soft-argmax temperature=1"];
    assert!(lab.command("").args(label).status().unwrap().success());
    let labeled = lab.read("known-convergence.svg");
    assert!(labeled.contains("temperature=1<") && !labeled.contains("temperature=0.5<"));
    assert!(drawn("--estimator soft-argmax").contains("temperature=0.5<"));
    lab.is_same(&before, "results/known");
    for (arguments, words) in [
        ("finale", "unknown figure `finale` (did you mean `final`?)"),
        ("--task categories=5", "unknown task `categories=5`; known: "),
        ("--task argmax-index", "is the name of several tasks: "),
        ("--estimator exat", "unknown estimator `exat` (did you mean `exact`?)"),
        ("-o x.jpg", "the name of a picture ends with .svg or .png"),
        ("--width 10", "300..=4000"),
    ] {
        let output = lab.run(&format!("figure known.toml {arguments}"));
        let said = crate::support::errors(&output);
        assert!(output.status.code() == Some(2) && said.contains(words), "{said}");
    }
}
