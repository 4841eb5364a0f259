//! Rankings and tables.

use super::*;

#[test]
fn a_ranking_by_hand() {
    let lab = reported(EXPERIMENT, known);
    let ranking = ranking(&lab);
    let expected = [
        ("soft-argmax temperature=1", 4.25, Some(-0.25), "0.01"),
        ("exact", 4.5, None, "0.01"),
        ("soft-argmax temperature=0.5", 5.0, Some(0.5), "0.1"),
    ];
    assert_eq!(ranking.len(), 3);
    for (place, (estimator, loss, difference, rate)) in ranking.iter().zip(expected) {
        assert_eq!(place["estimator"], estimator);
        assert_eq!(place["tuning"], format!("adam learning-rate={rate}"));
        assert_eq!((&place["runs"], &place["failures"]), (&json!(8), &json!(0)));
        let [value, low, high] = [0, 1, 2].map(|i| place["test-loss"][i].as_f64().unwrap());
        assert!(value == loss && low < loss - 0.5 && high > loss + 0.5, "{place}");
        // The same difference with every seed has no spread: runs are paired.
        assert_eq!(place["difference-to-exact"], json!(difference.map(|d| [d, d, d])));
        // One of 2⁸ patterns of signs and its opposite, times two comparisons.
        assert_eq!(place["p-value"], json!(difference.map(|_| 2.0 * 2.0 / 256.0)));
        assert!(place["refused"].is_null());
    }
    let summary = summary(&lab);
    assert_eq!((&summary["runs"], &summary["runs-of-the-selection"]), (&json!(48), &json!(48)));
    let reference = &summary["tasks"][0]["references"]["predict-mean"];
    assert_eq!(reference[0], 13.5);
    assert!(reference[1].as_f64().unwrap() < 13.5 && reference[2].as_f64().unwrap() > 13.5);
    // Both rates of the grid are at an edge, and nothing else is worth a warning but few rows.
    let warnings = summary["tasks"][0]["warnings"].as_array().unwrap();
    assert!(warnings.len() == 1 && warnings[0].as_str().unwrap().contains("edge"), "{warnings:?}");
}

#[test]
fn a_ranking_by_hand_in_words() {
    let lab = reported(EXPERIMENT, known);
    let text = lab.read("text.md");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line[1..line.len() - 1].split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows[0][1..], ["estimator", "test loss", "difference to `exact`", "p", "runs"]);
    let (low, high) = ("−0.250 [−0.250, −0.250]", "+0.500 [+0.500, +0.500]");
    for (row, (rank, estimator, loss, rest)) in rows[1..].iter().zip([
        ("1", "`soft-argmax temperature=1`", "4.25 [", [low, "0.016", "8"]),
        ("2", "`exact`", "4.50 [", ["–", "–", "8"]),
        ("3", "`soft-argmax temperature=0.5`", "5.00 [", [high, "0.016", "8"]),
        ("", "predict the mean", "13.5 [", ["", "", ""]),
    ]) {
        assert!(row[0] == rank && row[1] == estimator && row[2].starts_with(loss), "{row:?}");
        assert_eq!(row[3..], rest, "{row:?}");
    }
    let page = lab.read("results/known/report.html");
    let ranking = table(&page, "Ranking: ");
    // The numbers of runs are equal, and left out.
    assert_eq!(
        ranking[0],
        ["estimator", "rank", "test loss", "difference to exact", "p", "chosen"]
    );
    assert_eq!(row(&ranking, "soft-argmax temperature=1")[3], format!("{low} better"));
    assert_eq!(row(&ranking, "soft-argmax temperature=0.5")[3], format!("{high} worse"));
    assert_eq!(row(&ranking, "exact")[1..4], ["2", &ranking[2][2], "–"]);
    assert!(row(&ranking, "predict the mean")[2].starts_with("13.5 ["), "{ranking:?}");
    let colored =
        |class: &str, words: &str| page.contains(&format!("<td class=\"{class}\">{words}"));
    assert!(colored("better long", "−0.250") && colored("worse long", "+0.500"), "{page}");
    assert!(page.contains("interquartile mean over 8 seeds") && page.contains("after 2 steps"));
    assert!(page.contains("with 95 % interval") && !page.contains("Preliminary"));
    let (text, chosen) = (page.replace('\n', " "), "chosen by validation loss");
    assert!(text.contains(&format!("Each row is the best of its settings, {chosen}")), "{text}");
    assert!(
        text.contains("Each run keeps the network of the step that is best by validation loss")
    );
    let tried = table(&page, "What was tried");
    assert_eq!(row(&tried, "exact")[1..3], ["2", "learning-rate = 0.01, 0.1"]);
    assert!(!page.contains("Failed and refused"), "nothing failed");
}

#[test]
fn tables_by_hand() {
    let lab = reported(EXPERIMENT, known);
    let finals = losses(&lab, "table.csv");
    let expected = [
        ("exact", "0.01", "yes", "4.5"),
        // What only gets worse is kept as it was.
        ("exact", "0.1", "no", "50"),
        ("soft-argmax temperature=0.5", "0.01", "no", "50"),
        ("soft-argmax temperature=0.5", "0.1", "yes", "5"),
        ("soft-argmax temperature=1", "0.01", "yes", "4.25"),
        ("soft-argmax temperature=1", "0.1", "no", "50"),
    ];
    assert_eq!(finals.len(), expected.len());
    for (row, (estimator, rate, best, loss)) in finals.iter().zip(expected) {
        assert!(row[1] == estimator && row[2].ends_with(&format!("rate={rate}")), "{row:?}");
        assert_eq!(row[3..8], [best, "test-loss", "8", "0", loss], "{row:?}");
    }
    // The best cells only, at every step.
    let curves: Vec<Vec<String>> =
        losses(&lab, "curves.csv").into_iter().map(|row| row[4..6].to_vec()).collect();
    let steps = |last: [&str; 2]| {
        [["0", "50"], ["1", last[0]], ["2", last[1]]].map(|row| row.map(String::from).to_vec())
    };
    let all = [["14.5", "4.5"], ["15", "5"], ["14.25", "4.25"]].map(steps).concat();
    assert_eq!(curves, all);
    for line in lab.read("results/known/timing.csv").lines().skip(1) {
        // Seconds from 2 to 9; a millisecond for two steps.
        assert!(line.ends_with(",8,5.5000,500.00"), "{line}");
    }
}

/// Of three learning rates the middle one is best on the second task only.
#[test]
fn an_edge_is_that_of_a_task() {
    let experiment = EXPERIMENT
        .replace("[0.01, 0.1]", "[0.01, 0.1, 1.0]")
        .replace("inputs = 2", "inputs = 2\nsweep.categories = [3, 4]");
    let lab = reported(&experiment, |place, record| {
        let categories = record["run"]["task"]["parameters"]["categories"].as_u64();
        let best = if categories == Some(3) { 1.0 } else { 0.1 };
        let loss = if place.rate == best { 1.0 } else { 2.0 };
        known(place, record);
        set_loss(record, [5.0, 5.0, loss]);
    });
    let tasks = summary(&lab)["tasks"].clone();
    let edge = "the best `optimizer.learning-rate` is at the edge of its grid";
    assert!(tasks[0]["warnings"][0].as_str().unwrap().starts_with(edge), "{}", tasks[0]);
    assert!(tasks[1]["warnings"].is_null(), "{}", tasks[1]);
}

/// Over two tasks, one estimator is better than the reference with every seed, and one is worse.
#[test]
fn a_comparison_across_tasks_by_hand() {
    let experiment = EXPERIMENT.replace("inputs = 2", "inputs = 2\nsweep.categories = [3, 4]");
    let lab = reported(&experiment, |place, record| {
        let loss = if place.kind == "exact" { 1.0 } else { 2.5 - 2.0 * place.temperature };
        set_loss(record, [5.0, 5.0, loss + 0.01 * place.seed]);
    });
    let across = table_of_page(&lab, "Across tasks");
    let expected = [
        ["estimator", "probability of improvement"],
        ["soft-argmax temperature=1", "100 % [100, 100] better"],
        ["exact", "–"],
        ["soft-argmax temperature=0.5", "0 % [0, 0] worse"],
    ];
    assert_eq!(across, expected);
}

/// What is better by 1 with five of eight seeds, and worse by 0.5 with three, is not significantly better:
/// of 256 patterns of signs, 14 give the three smallest ranks or less to one side, so p = 28/256.
#[test]
fn ranks_that_cannot_be_told_apart_are_ranges() {
    let ranks = |by_seed: fn(&Place) -> f64| {
        let lab = reported(EXPERIMENT, move |place, record| {
            set_loss(record, [50.0, 20.0, by_seed(place)]);
        });
        let table = table_of_page(&lab, "Ranking: ");
        let ranks = table[1..4].iter().map(|row| format!("{} {}", row[0], row[1]));
        (ranks.collect::<Vec<_>>(), place(&lab, "exact")["ranks"].clone())
    };
    // One is far behind the two others.
    let (rows, of_exact) = ranks(|place| match (&*place.kind, place.temperature) {
        ("exact", _) => 5.0 + place.seed,
        (_, 0.5) => 30.0 + place.seed,
        _ if place.seed < 3.0 => 5.5 + place.seed,
        _ => 4.0 + place.seed,
    });
    let expected = ["soft-argmax temperature=1 1–2", "exact 1–2", "soft-argmax temperature=0.5 3"];
    assert_eq!((rows, of_exact), (expected.map(String::from).to_vec(), json!([1, 2])));
    // The one in the middle is on the wrong side of each of the others with two seeds: p = 10/256, of which
    // Holm makes twice as much.
    let (rows, of_exact) = ranks(|place| {
        let middle = [-0.5, -0.5, 10.5, 10.5, 4.0, 4.0, 4.0, 4.0];
        place.seed
            + match (&*place.kind, place.temperature) {
                ("exact", _) => 1.0,
                (_, 0.5) => 1.0 + middle[place.seed as usize],
                _ => 11.0,
            }
    });
    let expected =
        ["exact 1–2", "soft-argmax temperature=0.5 1–3", "soft-argmax temperature=1 2–3"];
    assert_eq!((rows, of_exact), (expected.map(String::from).to_vec(), json!([1, 2])));
    // All are equal.
    let (rows, of_exact) = ranks(|place| 5.0 + place.seed);
    assert!(rows.iter().all(|row| row.ends_with(" 1–3")), "{rows:?}");
    assert_eq!(of_exact, json!([1, 3]));
}

#[test]
fn of_equal_cells_the_first_is_the_best() {
    let lab = reported(EXPERIMENT, |_, record| set_loss(record, [3.0, 2.0, 1.0]));
    for row in losses(&lab, "table.csv") {
        assert_eq!(row[3], if row[2].ends_with("=0.01") { "yes" } else { "no" }, "{row:?}");
    }
}

#[test]
fn a_reading_is_printed_in_paragraphs() {
    let reading = "reading = \"\"\"Take `exact`.\n\nIt is < the others.\n\"\"\"\n";
    let lab = reported(&format!("{reading}{EXPERIMENT}"), known);
    let page = lab.read("results/known/report.html");
    let paragraphs = ["Take <code>exact</code>.", "It is &lt; the others."];
    let printed = page.split("<p class=\"reading\">").skip(1);
    let printed: Vec<&str> = printed.filter_map(|rest| rest.split("</p>").next()).collect();
    // After the line that says whether choosing helps.
    assert!(printed[0].starts_with("Choosing helps: "), "{}", printed[0]);
    assert_eq!(printed[1..], paragraphs);
}

/// Runs that diverge are neither dropped nor finite: two of eight are trimmed, three are not.
#[test]
fn failed_runs_count_as_the_worst() {
    let failing = |from: f64| {
        reported(EXPERIMENT, move |place, record| {
            known(place, record);
            if place.temperature == 0.5 && place.seed >= from {
                (record["status"], record["step"]) = (json!("diverged"), json!(1));
            }
        })
    };
    let lab = failing(6.0);
    let place = ranking(&lab)[2].clone();
    assert_eq!((&place["runs"], &place["failures"]), (&json!(8), &json!(2)));
    // What is left of 1.5 to 6.5 is 3.5 to 6.5.
    assert_eq!(place["test-loss"], json!([5.0, place["test-loss"][1], null]));
    assert_eq!(place["difference-to-exact"], json!([0.5, 0.5, null]));
    assert_eq!(place["p-value"], json!(4.0 / 256.0));
    assert!(lab.read("text.md").contains("| 8, 2 failed |"));
    let page = lab.read("results/known/report.html");
    assert!(page.contains("4 of 48 runs diverged") && page.contains("seed 7: diverged at step 1"));
    assert!(!page.contains("seed 5: diverged"));
    // Before it diverged, a run has its numbers.
    let curves = losses(&lab, "curves.csv");
    let curve = curves.iter().filter(|row| row[1].ends_with("=0.5")).map(|row| &*row[5]);
    assert_eq!(curve.collect::<Vec<_>>(), ["50", "15", "5"]);

    let lab = failing(5.0);
    let place = ranking(&lab)[2].clone();
    assert!(place["estimator"] == "soft-argmax temperature=0.5" && place["failures"] == 3);
    assert!(place["test-loss"][0].is_null() && place["difference-to-exact"][0].is_null());
    let row = losses(&lab, "table.csv").into_iter().find(|row| row[1].ends_with("=0.5")).unwrap();
    assert_eq!(row[5..8], ["8", "3", "miss"]);
}

/// What is 0.5 better than the other one is 0.5 worse the other way around.
#[test]
fn exchanged_estimators_have_opposite_differences() {
    let experiment = EXPERIMENT.replace("sweep.temperature = [0.5, 1.0]", "temperature = 0.5");
    let compared = |is_exchanged: bool| {
        let lab = reported(&experiment, |place, record| {
            let is_first = (place.kind == "exact") != is_exchanged;
            let loss = if is_first { 2.0 } else { 2.6 + (3.0 * place.seed).sin() };
            set_loss(record, [9.0, 9.0, loss + place.seed]);
        });
        let ranking = ranking(&lab);
        let place = ranking.iter().find(|place| place["estimator"] != "exact").unwrap();
        let difference = [0, 1, 2].map(|i| place["difference-to-exact"][i].as_f64().unwrap());
        (difference, place["p-value"].clone(), place["test-loss"].clone(), ranking.clone())
    };
    let ([value, low, high], p, loss, there) = compared(false);
    let (opposite, same, other_loss, back) = compared(true);
    assert!(low < value && value < high && value > 0.0, "{value} [{low}, {high}]");
    assert_eq!(opposite, [-value, -high, -low]);
    assert_eq!(p, same);
    assert_ne!(loss, other_loss);
    // The first of both stays first, under the other name.
    assert_eq!(there[0]["test-loss"], back[0]["test-loss"]);
    assert_eq!((&there[0]["estimator"], &back[1]["estimator"]), (&json!("exact"), &json!("exact")));
}
