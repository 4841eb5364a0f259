//! Whether choosing helps at all: the first line of a report.

use super::*;

/// The best estimator reaches s + 0.75 with seed s. What knows more than it, or as much as there is to
/// know, is always better; least squares is this much away, and other rivals are far behind.
fn beside(least_squares: impl Fn(f64) -> f64) -> Lab {
    reported(EXPERIMENT, move |place, record| {
        known(place, record);
        record["references"] = json!({
            "bayes": 0.1, "true-regimes": 0.2, "plain-network": 90.0, "predict-mean": 80.0,
            "least-squares": place.seed + 0.75 + least_squares(place.seed),
        });
    })
}

/// The first line of the report, and what programs read of it.
fn first_line(lab: &Lab) -> (String, Value) {
    let page = lab.read("results/known/report.html");
    let (_, rest) = page.split_once("<p class=\"reading\">").expect("a first line");
    let line = rest.split("</p>").next().unwrap().replace("<code>", "`").replace("</code>", "`");
    let choosing = summary(lab)["tasks"][0]["choosing"].clone();
    assert_eq!(choosing["estimator"], "soft-argmax temperature=1");
    assert_eq!(choosing["reference"], "least-squares", "the best of what is comparable");
    (line, choosing)
}

/// A text that begins with these words and ends with those.
fn between(text: &str, begin: &str, end: &str) {
    assert!(text.starts_with(begin) && text.ends_with(end), "{text}");
}

#[test]
fn choosing_helps() {
    let (line, choosing) = first_line(&beside(|_| 2.0));
    between(
        &line,
        "Choosing helps: `soft-argmax temperature=1` reaches 4.25 [",
        "; the difference is −2.00 [−2.00, −2.00].",
    );
    assert!(line.contains(", the best reference that chooses nothing (least squares) 6.25 ["));
    assert_eq!(choosing["difference"], json!([-2.0, -2.0, -2.0]));
    assert_eq!(choosing["verdict"], "better");
}

#[test]
fn choosing_does_not_help() {
    let lab = beside(|_| -0.5);
    let (line, choosing) = first_line(&lab);
    between(
        &line,
        "Choosing does not help: least squares reaches 3.75 [",
        "; the difference is +0.500 [+0.500, +0.500].",
    );
    assert!(line.contains(", the best estimator (`soft-argmax temperature=1`) 4.25 ["), "{line}");
    assert_eq!(choosing["verdict"], "worse");
    let warnings = summary(&lab)["tasks"][0]["warnings"].to_string();
    assert!(warnings.contains("better than the reference `least squares`"), "{warnings}");
    assert!(!warnings.contains("Bayes") && !warnings.contains("regimes"), "{warnings}");
}

/// Four seeds are better by 1, and four are worse.
#[test]
fn choosing_may_help() {
    let (line, choosing) = first_line(&beside(|seed| if seed % 2.0 == 0.0 { 1.0 } else { -1.0 }));
    let begin = "Choosing does not help significantly: `soft-argmax temperature=1` reaches 4.25 [";
    assert!(line.starts_with(begin) && line.contains("(least squares)"), "{line}");
    assert_eq!((&choosing["difference"][0], &choosing["verdict"]), (&json!(0.0), &json!("")));
}

/// Of five seeds that are all better, no test can say so.
#[test]
fn few_seeds_cannot_tell() {
    let lab = reported(&EXPERIMENT.replace("seeds = 8", "seeds = 5"), |place, record| {
        known(place, record);
        record["references"] = json!({ "least-squares": 9.0 });
    });
    let (line, choosing) = first_line(&lab);
    let begin = "5 seeds are too few for a test of whether choosing helps: `soft-argmax temperature=1` reaches ";
    assert!(line.starts_with(begin), "{line}");
    assert_eq!(choosing["verdict"], "");
}

/// The estimator that is compared is the best by validation loss. Another may be better on test rows by
/// luck, and better than the reference.
#[test]
fn the_estimator_is_chosen_by_validation() {
    let lab = reported(EXPERIMENT, |place, record| {
        let (validation, test) = match &*place.kind {
            "exact" => (1.0, 5.0),
            _ => (2.0, 3.0),
        };
        set(record, "validation-loss", [9.0, 9.0, validation]);
        set(record, "test-loss", [9.0, 9.0, test]);
        record["references"] = json!({ "least-squares": 4.0 });
    });
    let choosing = summary(&lab)["tasks"][0]["choosing"].clone();
    assert_eq!((&choosing["estimator"], &choosing["verdict"]), (&json!("exact"), &json!("worse")));
    assert_eq!(choosing["difference"][0], 1.0);
}

/// The law, and what is told the regimes, say nothing about choosing.
#[test]
fn only_rivals_are_compared_with() {
    let lab = reported(EXPERIMENT, |place, record| {
        known(place, record);
        record["references"] = json!({ "bayes": 0.1, "true-regimes": 90.0 });
    });
    let task = summary(&lab)["tasks"][0].clone();
    assert_eq!((&task["choosing"], &task["floors"]), (&json!(null), &json!(["bayes"])));
    assert!(!task["warnings"].to_string().contains("reference"), "{task}");
    let page = lab.read("results/known/report.html");
    assert!(!page.contains("Choosing") && page.contains("the true law (Bayes)"), "{page}");
}

/// With several tasks each has its line.
#[test]
fn each_task_has_its_line() {
    let two = EXPERIMENT.replace("inputs = 2", "inputs = 2\nsweep.categories = [3, 4]");
    let lab = reported(&two, |place, record| {
        known(place, record);
        let is_first = record["run"]["task"]["parameters"]["categories"] == 3;
        let away = if is_first { 2.0 } else { -0.5 };
        record["references"] = json!({ "predict-mean": place.seed + 0.75 + away });
    });
    let page = lab.read("results/known/report.html");
    let lines: Vec<&str> = page.split("<p class=\"reading\">").skip(1).collect();
    let words =
        [("categories=3", ": Choosing helps: "), ("categories=4", ": Choosing does not help: ")];
    assert_eq!(lines.len(), 2);
    for (line, (task, words)) in lines.iter().zip(words) {
        let line = line.split("</p>").next().unwrap();
        assert!(line.contains(task) && line.contains(words), "{line}");
    }
}
