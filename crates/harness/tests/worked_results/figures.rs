//! Figures.

use super::*;
use roxmltree::Document;

/// The text of a figure, and the points of the first line of each of its titled groups.
pub(super) struct Picture {
    pub(super) text: String,
    lines: Vec<(String, Vec<[f64; 2]>)>,
    svg: String,
}

impl Picture {
    pub(super) fn of(lab: &Lab, name: &str) -> Self {
        let svg = lab.read(&format!("results/known/plots/{name}.svg"));
        let document = Document::parse(&svg).unwrap();
        let texts = document.descendants().filter_map(|node| node.text());
        // Captions are broken into lines.
        let text = texts.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
        let titled = document.descendants().filter_map(|node| {
            let title = node.children().find(|child| child.has_tag_name("title"))?.text()?;
            let line = node.descendants().find(|child| child.has_tag_name("polyline"))?;
            let points = line.attribute("points")?.split_whitespace().map(|point| {
                let (x, y) = point.split_once(',').unwrap();
                [x, y].map(|number| number.parse().unwrap())
            });
            Some((title.to_owned(), points.collect()))
        });
        Self { lines: titled.collect(), text, svg: svg.clone() }
    }

    pub(super) fn shows(&self, words: &[&str]) {
        let missing: Vec<_> = words.iter().filter(|word| !self.text.contains(**word)).collect();
        assert!(missing.is_empty(), "no {missing:?} in {}", self.text);
    }

    /// The points of a series, which do not go back, and whose numbers fall (are lower on the page).
    fn falls(&self, series: &str, count: usize) {
        let found = self.lines.iter().find(|(title, _)| title == series);
        let points = &found.unwrap_or_else(|| panic!("no {series}: {:?}", self.lines)).1;
        assert_eq!(points.len(), count, "{series}: {points:?}");
        for pair in points.windows(2) {
            assert!(pair[0][0] < pair[1][0] && pair[0][1] < pair[1][1], "{series}: {points:?}");
        }
    }
}

const CAPTION: &str = "Interquartile mean over seeds. Each series is the best of its \
                       optimizer.learning-rate by final validation loss.";

#[test]
fn figures_by_hand() {
    let sensitivity =
        |x: &str, more: &str| format!("[[figure]]\nkind = \"sensitivity\"\nx = \"{x}\"\n{more}");
    let more = [
        "[gradient]\nevery = 1\ndraws = 2\n",
        &sensitivity("estimator.temperature", ""),
        &sensitivity("optimizer.learning-rate", "y = \"entropy\"\n"),
    ]
    .concat();
    let lab = reported(&format!("{EXPERIMENT}{more}"), |place, record| {
        known(place, record);
        record["curves"]["metrics"]["entropy"] = json!([1.0, 1.0, 1.0 - place.rate]);
        record["gradient"] = json!({ "steps": [0, 1, 2], "metrics": {
            "total-variance": [16.0, 4.0, 1.0], "relative-squared-bias": [0.01, 0.04, 0.16],
            "exact-norm": [1.0, 1.0, 1.0], "mean-squared-error": [16.0, 4.0, 1.0] } });
    });
    let [first, second, third] =
        ["exact", "soft-argmax temperature=0.5", "soft-argmax temperature=1"];
    let convergence = Picture::of(&lab, "convergence");
    let title = "Convergence: validation loss, deployed with the hard argmax";
    convergence.shows(&[title, CAPTION, "training step", "predict the mean (13.5)"]);
    [first, second, third].iter().for_each(|series| convergence.falls(series, 3));
    // A loss is on a logarithmic axis: equal ratios are equally far apart.
    let exact = &convergence.lines.iter().find(|(title, _)| title == first).unwrap().1;
    let [above, below] = [0, 1].map(|i| exact[i + 1][1] - exact[i][1]);
    let ratio = (50.0f64 / 14.5).ln() / (14.5f64 / 4.5).ln();
    assert!((above / below - ratio).abs() < 0.02, "{exact:?}");
    // The reference of a comparison is gray, the others have the color of their kind.
    assert!(convergence.svg.contains("#565656") && convergence.svg.contains("#3370C7"));

    let last = Picture::of(&lab, "final");
    last.shows(&["Validation loss after 2 steps", CAPTION, "lower is better", "Dot: one seed"]);
    last.shows(&["validation loss, deployed with the hard argmax", "predict the mean (13.5)"]);
    last.shows(&["exact: 4.5 [", "temperature=0.5: 5 [", "temperature=1: 4.25 ["]);
    // The best first.
    let places = [third, first, second].map(|row| last.svg.find(&format!("<title>{row}: ")));
    assert!(places[0] < places[1] && places[1] < places[2], "{places:?}");

    let variance = Picture::of(&lab, "variance");
    variance.shows(&["Variance of the logit gradient along training", CAPTION, "training step"]);
    variance.shows(&["total variance of one estimate"]);
    variance.falls(second, 3);

    let bias = Picture::of(&lab, "bias-variance");
    bias.shows(&["Bias and variance of the gradient", CAPTION, "Paths lead from the first"]);
    bias.shows(&["total variance of one estimate", "relative bias", second]);

    let along = Picture::of(&lab, "sensitivity-1");
    along.shows(&["validation loss against estimator.temperature", CAPTION]);
    // 5 at a temperature of 0.5, 4.25 at 1.
    along.falls("soft-argmax", 2);
    let along = Picture::of(&lab, "sensitivity-2");
    along.shows(&["entropy, nats against optimizer.learning-rate", "entropy, nats"]);
    // Along a tuned parameter all cells are shown, not only the best.
    [first, second, third].iter().for_each(|series| along.falls(series, 2));

    let page = lab.read("results/known/report.html");
    for about in ["On rows that are not trained on.", "A dot is a seed.", "this estimator's own"] {
        assert!(page.replace("&#x27;", "'").contains(about), "{about}");
    }
}
