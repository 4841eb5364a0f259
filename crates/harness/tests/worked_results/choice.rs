//! Settings and stopping steps are chosen by validation rows, and judged by test rows.

use super::*;

/// Validation and test losses at the three steps.
fn set_losses(record: &mut Value, validation: [f64; 3], test: [f64; 3]) {
    set(record, "validation-loss", validation);
    set(record, "test-loss", test);
}

/// For `exact` the rate that is better on validation rows is worse on test rows.
#[test]
fn a_better_test_loss_chooses_nothing() {
    let lab = reported(EXPERIMENT, |place, record| match (&*place.kind, place.rate) {
        ("exact", 0.1) => set_losses(record, [9.0, 9.0, 2.0], [8.0, 8.0, 1.0]),
        ("exact", _) => set_losses(record, [9.0, 9.0, 1.0], [8.0, 8.0, 5.0]),
        _ => set_losses(record, [9.0, 9.0, 3.0], [8.0, 8.0, 3.0]),
    });
    let exact = place(&lab, "exact");
    assert_eq!(exact["tuning"], "adam learning-rate=0.01");
    assert_eq!(exact["test-loss"], json!([5.0, 5.0, 5.0]));
    let kinds: Vec<Value> = ranking(&lab).iter().map(|place| place["estimator"].clone()).collect();
    assert_eq!(kinds[2], "exact", "ranked by what is reported");
    let rows = losses(&lab, "table.csv");
    let of = |rate: &str| rows.iter().find(|row| row[1] == "exact" && row[2].ends_with(rate));
    assert_eq!(of("=0.01").unwrap()[3..8], ["yes", "test-loss", "8", "0", "5"]);
    assert_eq!(of("=0.1").unwrap()[3..8], ["no", "test-loss", "8", "0", "1"]);
    // Chosen by validation loss, says the page, and the row names the setting.
    let page = lab.read("results/known/report.html").replace('\n', " ");
    assert!(page.contains("chosen by validation loss"), "{page}");
    let ranking = table_of_page(&lab, "Ranking: ");
    assert!(row(&ranking, "exact").contains(&"adam learning-rate=0.01".to_owned()), "{ranking:?}");
}

/// Seed s is best at step s mod 3 on validation rows. What counts is the test loss there, however good it
/// is elsewhere.
#[test]
fn a_run_is_judged_at_its_best_validation_step() {
    let lab = reported(EXPERIMENT, |place, record| {
        let mut validation = [2.0; 3];
        validation[place.seed as usize % 3] = 1.0;
        set_losses(record, validation, [10.0, 20.0, 30.0].map(|loss| loss + place.seed));
        set(record, "entropy", [0.25, 0.5, 1.0]);
    });
    // 10, 21, 32, 13, 24, 35, 16 and 27: the middle half is 16, 21, 24 and 27.
    assert_eq!(place(&lab, "exact")["test-loss"][0], 22.0);
    let table = lab.read("results/known/table.csv");
    let value = |metric: &str| {
        let row = table.lines().find(|line| line.contains(&format!(",yes,{metric},"))).unwrap();
        row.split(',').nth(7).unwrap().to_owned()
    };
    assert_eq!(value("test-loss"), "22");
    assert_eq!(value("validation-loss"), "1");
    // Of the network that is kept: three times 0.25, three times 0.5, and 1 twice.
    assert_eq!(value("entropy"), "0.4375");
    // Curves are those of all steps.
    let curves = losses(&lab, "curves.csv");
    let curve: Vec<&str> = curves[..3].iter().map(|row| &*row[5]).collect();
    assert_eq!(curve, ["13.5", "23.5", "33.5"]);
}

#[test]
fn of_equal_validation_steps_the_first_counts() {
    let lab = reported(EXPERIMENT, |_, record| {
        set_losses(record, [3.0, 1.0, 1.0], [7.0, 5.0, 2.0]);
    });
    for place in ranking(&lab) {
        assert_eq!(place["test-loss"], json!([5.0, 5.0, 5.0]), "{place}");
    }
}

/// A run that diverged has no network to keep, however good it was before: it is a miss where settings are
/// chosen, and where they are compared.
#[test]
fn a_run_that_diverged_is_a_miss_at_its_best_step_too() {
    let failing = |rates: &'static [f64], from: f64| {
        reported(EXPERIMENT, move |place, record| {
            set_losses(record, [9.0, 9.0, 3.0], [8.0, 8.0, 3.0]);
            if place.kind == "exact" && rates.contains(&place.rate) && place.seed >= from {
                set_losses(record, [0.1, 0.2, 9.0], [0.1, 0.2, 9.0]);
                (record["status"], record["step"]) = (json!("diverged"), json!(2));
            }
        })
    };
    let exact = place(&failing(&[0.01], 0.0), "exact");
    assert_eq!(exact["tuning"], "adam learning-rate=0.1");
    assert_eq!((&exact["failures"], &exact["test-loss"][0]), (&json!(0), &json!(3.0)));
    // Three of eight are more than the quarter that is trimmed.
    let exact = place(&failing(&[0.01, 0.1], 5.0), "exact");
    assert_eq!((&exact["failures"], &exact["test-loss"][0]), (&json!(3), &json!(null)));
    assert_eq!(exact["difference-to-exact"], json!(null));
    // Two are trimmed, but they are the worst and not the best.
    let lab = failing(&[0.01, 0.1], 6.0);
    let exact = place(&lab, "exact");
    assert_eq!((&exact["failures"], &exact["test-loss"][0]), (&json!(2), &json!(3.0)));
    let other = place(&lab, "soft-argmax temperature=1");
    assert_eq!(other["difference-to-exact"][0], 0.0, "as good with the seeds that ended");
}
