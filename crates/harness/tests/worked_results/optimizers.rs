//! Several optimizers.

use super::*;

/// A row says its optimizer, and the first `exact` of the file is what the others are compared with.
#[test]
fn the_first_exact_of_the_file_is_the_reference() {
    let two = EXPERIMENT.replace(
        "[optimizer]\nkind = \"adam\"",
        "[[optimizer]]\nkind = \"sgd\"\nmomentum = 0.5\nsweep.learning-rate = [0.01, 0.1]\n\
         [[optimizer]]\nkind = \"adam\"",
    );
    let lab = reported(&two, |place, record| {
        known(place, record);
        // Adam is better by 0.5 than it is above.
        if record["run"]["optimizer"]["kind"] == "adam" {
            set_loss(record, [50.0, 20.0, place.loss() - 0.5]);
        }
    });
    let found: Vec<(String, Value, Value)> = ranking(&lab)
        .iter()
        .map(|place| {
            let name = place["estimator"].as_str().unwrap().to_owned();
            (name, place["tuning"].clone(), place["difference-to-exact"][1].clone())
        })
        .collect();
    let expected = [
        ("soft-argmax temperature=1 with adam", "adam learning-rate=0.01", json!(-0.75)),
        ("exact with adam", "adam learning-rate=0.01", json!(-0.5)),
        (
            "soft-argmax temperature=1 with sgd momentum=0.5",
            "sgd learning-rate=0.01 momentum=0.5",
            json!(-0.25),
        ),
        // Equal, and in the order of the file.
        ("exact with sgd momentum=0.5", "sgd learning-rate=0.01 momentum=0.5", json!(null)),
        ("soft-argmax temperature=0.5 with adam", "adam learning-rate=0.1", json!(0.0)),
        (
            "soft-argmax temperature=0.5 with sgd momentum=0.5",
            "sgd learning-rate=0.1 momentum=0.5",
            json!(0.5),
        ),
    ];
    let expected = expected.map(|(name, tuning, low)| (name.to_owned(), json!(tuning), low));
    assert_eq!(found, expected);
    let page = lab.read("results/known/report.html");
    assert!(page.contains("<code>exact with adam</code>"), "{page}");
    let table = lab.read("results/known/budget.csv");
    assert_eq!(table.matches(",exact with sgd momentum=0.5,test-loss,").count(), 2, "{table}");
}
