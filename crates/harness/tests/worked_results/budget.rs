//! What is reached with a part of the settings, enumerated by hand.

use super::figures::{Picture, is_logarithmic};
use super::*;

/// `exact` with three learning rates, and one other estimator.
fn experiment() -> String {
    EXPERIMENT
        .replace("[0.01, 0.1]", "[0.01, 0.1, 1.0]")
        .replace("sweep.temperature = [0.5, 1.0]", "temperature = 0.5")
}

/// Validation and test loss of the three learning rates: with even seeds the second is chosen, with odd
/// ones the first.
fn enumerated(place: &Place, record: &mut Value) {
    let is_even = place.seed % 2.0 == 0.0;
    let (validation, test) = match (place.rate, is_even) {
        (0.01, true) => (2.0, 20.0),
        (0.01, false) => (1.0, 20.0),
        (0.1, true) => (1.0, 40.0),
        (0.1, false) => (2.0, 30.0),
        _ => (3.0, 10.0),
    };
    set(record, "validation-loss", [9.0, 9.0, validation]);
    set(record, "test-loss", [90.0, 90.0, test]);
}

/// The settings and interquartile means of an estimator in `budget.csv`.
fn budget(lab: &Lab, estimator: &str) -> Vec<[String; 2]> {
    let table = lab.read("results/known/budget.csv");
    assert_eq!(table.lines().next(), Some("task,estimator,metric,settings,iqm,low,high"));
    let rows = table.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    rows.filter(|row| row[1] == estimator && row[2] == "test-loss")
        .map(|row| [row[3].clone(), row[4].clone()])
        .collect()
}

/// | settings | even seeds | odd seeds |
/// |---|---|---|
/// | 1 | (20 + 40 + 10)/3 | (20 + 30 + 10)/3 |
/// | 2 | (40 + 20 + 40)/3 | (20 + 20 + 30)/3 |
/// | 3 | 40 | 20 |
///
/// The middle half of eight seeds are two even ones and two odd ones.
#[test]
fn a_budget_by_hand() {
    let lab = reported(&experiment(), enumerated);
    let expected = [["1", "21.6667"], ["2", "28.3333"], ["3", "30"]];
    assert_eq!(budget(&lab, "exact"), expected);
    assert_eq!(budget(&lab, "soft-argmax temperature=0.5"), expected);
    let figure = Picture::of(&lab, "budget");
    figure.shows(&["What tuning buys: test loss", "chosen for each seed by validation loss"]);
    figure.has_axes(["settings tried", "test loss"]);
    is_logarithmic(figure.points("exact"), [65.0 / 3.0, 85.0 / 3.0, 30.0]);
    let page = lab.read("results/known/report.html");
    assert!(page.contains("<code>budget.csv</code>") && page.contains("id=\"budget\""), "{page}");
}

/// A setting that always fails is a miss, until it is certain that another one is chosen.
#[test]
fn a_failing_setting_costs_small_budgets() {
    let lab = reported(&experiment(), |place, record| {
        enumerated(place, record);
        if place.rate == 1.0 {
            (record["status"], record["step"]) = (json!("diverged"), json!(1));
        }
    });
    assert_eq!(budget(&lab, "exact"), [["1", "miss"], ["2", "28.3333"], ["3", "30"]]);
}

#[test]
fn a_refused_or_incomplete_estimator_has_no_budget() {
    // Of two categories only.
    let refused = format!("{}[[estimator]]\nkind = \"disarm\"\n", experiment());
    let lab = reported(&refused, |place, record| match (&*place.kind, place.rate) {
        ("disarm", _) => (),
        ("soft-argmax", 1.0) => *record = Value::Null,
        // Another seed counts only where it has all settings.
        ("exact", 0.1) if place.seed == 0.0 => *record = Value::Null,
        _ => enumerated(place, record),
    });
    // Seeds 1 to 7: of four odd and three even ones, the middle are three and two.
    assert_eq!(budget(&lab, "exact")[2], ["3", "28"]);
    for estimator in ["soft-argmax temperature=0.5", "disarm"] {
        assert_eq!(budget(&lab, estimator), [[""; 2]; 0], "{estimator}");
    }
    Picture::of(&lab, "budget").shows(&["exact"]);
    assert!(!Picture::of(&lab, "budget").text.contains("disarm"));
    // One setting is no choice.
    let one = experiment().replace("[0.01, 0.1, 1.0]", "[0.01]");
    let lab = reported(&one, known);
    assert!(!lab.path("results/known/budget.csv").exists());
    assert!(!lab.path("results/known/plots/budget.svg").exists());
    assert!(!lab.read("results/known/report.html").contains("budget.csv"));
}
