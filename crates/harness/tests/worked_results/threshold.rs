//! Steps to a level.

use super::*;

/// Half of 10 + s is the level of seed s. `exact` is just there after its first step, but for seed 0, which
/// takes another one; of the others one has three seeds that never get there, and one is there at once.
#[test]
fn steps_to_a_level_by_hand() {
    let threshold = "threshold = { reference = \"predict-mean\", share = 0.5 }\n";
    let lab = reported(&format!("{threshold}{EXPERIMENT}"), |place, record| {
        known(place, record);
        let losses = match place.temperature {
            0.5 if place.seed >= 5.0 => [50.0, 40.0, 30.0],
            0.5 => [50.0, 5.0, 30.0],
            1.0 => [2.0, 50.0, 1.0],
            _ if place.seed == 0.0 => [50.0, 5.1, 3.0],
            _ => [50.0, 5.0 + 0.5 * place.seed, 3.0],
        };
        set(record, "test-loss", losses);
    });
    for (estimator, steps, words) in [
        // 2 and seven times 1.
        ("exact", json!(1.0), "1 ["),
        ("soft-argmax temperature=0.5", json!(null), "∞ [1, ∞]"),
        ("soft-argmax temperature=1", json!(0.0), "0 [0, 0]"),
    ] {
        let place = place(&lab, estimator);
        assert_eq!(place["steps-to-threshold"][0], steps, "{place}");
        let ranking = table_of_page(&lab, "Ranking: ");
        let column = ranking[0].iter().position(|name| name == "steps to 0.5 × predict the mean");
        assert!(row(&ranking, estimator)[column.unwrap()].starts_with(words), "{ranking:?}");
    }
    let exact = place(&lab, "exact")["steps-to-threshold"].clone();
    assert!(exact[1] == 1.0 && exact[2].as_f64().unwrap() > 1.0, "one seed of 2: {exact}");
    let text = lab.read("text.md");
    assert!(text.contains("| steps to 0.5 × predict the mean | runs |"), "{text}");
    assert!(text.contains("| 0 [0, 0] | 8 |"), "{text}");

    let plain = reported(EXPERIMENT, known);
    assert_eq!(place(&plain, "exact")["steps-to-threshold"], json!(null));
    assert!(!plain.read("results/known/report.html").contains("steps to"));
}

/// Runs that stop early may have been there before, or not; a run of which nothing is known was not.
#[test]
fn failed_runs_have_the_steps_that_they_took() {
    let threshold = "threshold = { reference = \"predict-mean\", share = 0.5 }\n";
    let ended = |how: &'static str| {
        let lab = reported(&format!("{threshold}{EXPERIMENT}"), move |place, record| {
            known(place, record);
            set(record, "test-loss", [50.0, 5.0, 50.0]);
            record["status"] = json!(how);
            match how {
                "failed" => record["why"] = json!("it was too hard"),
                _ => record["step"] = json!(2),
            }
        });
        place(&lab, "exact")["steps-to-threshold"][0].clone()
    };
    assert_eq!((ended("diverged"), ended("timed-out")), (json!(1.0), json!(1.0)));
    assert_eq!(ended("failed"), json!(null));
}
