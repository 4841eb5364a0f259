//! Runs that are missing, were refused or are changed.

use super::figures::Picture;
use super::*;

/// Cells without a run, and refused ones, come last and have no part in figures and times.
#[test]
fn cells_without_numbers_are_last_and_not_drawn() {
    // Of two categories only.
    let refused = format!("{EXPERIMENT}[[estimator]]\nkind = \"disarm\"\n");
    let lab = reported(&refused, |place, record| match place.temperature {
        1.0 => *record = Value::Null,
        _ if place.kind == "disarm" => (),
        _ => known(place, record),
    });
    let ranking = ranking(&lab);
    let places: Vec<&str> = ranking.iter().map(|p| p["estimator"].as_str().unwrap()).collect();
    assert_eq!(places[..2], ["exact", "soft-argmax temperature=0.5"]);
    let missing = ranking.iter().find(|p| p["estimator"] == "soft-argmax temperature=1").unwrap();
    assert!(missing["runs"] == 0 && missing["test-loss"].is_null(), "{missing}");
    // With one comparison left, no p-value is adjusted.
    assert_eq!(ranking[1]["p-value"], json!(2.0 / 256.0));
    let text = lab.read("text.md");
    assert!(text.contains("| – | `soft-argmax temperature=1` | – | – | – | 0 |"), "{text}");
    assert!(text.contains("| – | `disarm` | – | – | – | refused |"), "{text}");
    for name in ["convergence", "final"] {
        let figure = Picture::of(&lab, name);
        figure.shows(&["soft-argmax temperature=0.5"]);
        assert!(!figure.text.contains("temperature=1") && !figure.text.contains("disarm"));
    }
    let timing = lab.read("results/known/timing.csv");
    assert!(timing.contains(",exact,") && !timing.contains("temperature=1"), "{timing}");
    let page = lab.read("results/known/report.html");
    assert!(page.contains("Preliminary: 48 of 64 runs are done."), "{page}");
    assert!(page.contains("Refused before they ran:") && !page.contains("runs diverged"));
}

/// The digest stands for what was measured, and not for the time that it took.
#[test]
fn a_digest_is_that_of_the_numbers() {
    let digest = |change: fn(&Place, &mut Value)| {
        let lab = reported(EXPERIMENT, change);
        let manifest: Value =
            serde_json::from_str(&lab.read("results/known/manifest.json")).unwrap();
        let digest = manifest["digest"].as_str().unwrap().to_owned();
        assert!(digest.len() == 32 && lab.read("results/known/report.html").contains(&digest));
        digest
    };
    let ours = digest(known);
    let later: fn(&Place, &mut Value) = |place, record| {
        known(place, record);
        record["timing"]["seconds"] = json!(99.0);
    };
    assert_eq!(digest(later), ours);
    let other: fn(&Place, &mut Value) = |place, record| {
        known(place, record);
        set_loss(record, [50.0, 1.0, 1.0]);
    };
    assert_ne!(digest(other), ours);
}

/// A picture that an earlier report left is removed; other files stay.
#[test]
fn a_report_removes_pictures_that_it_does_not_have() {
    let lab = reported(EXPERIMENT, known);
    lab.write("results/known/plots/old.svg", "<svg/>");
    lab.write("results/known/plots/notes.txt", "mine");
    lab.ok("report known.toml");
    assert!(!lab.path("results/known/plots/old.svg").exists());
    assert!(lab.path("results/known/plots/notes.txt").exists());
    assert!(lab.path("results/known/plots/convergence.svg").exists());
}

/// With other records a report is written again, and its manifest with it.
#[test]
fn a_manifest_is_that_of_its_records() {
    let lab = reported(EXPERIMENT, known);
    let path = "results/known/runs.jsonl";
    lab.write(path, lab.read(path).replace("[50.0,", "[51.0,"));
    let before = lab.read("results/known/manifest.json");
    lab.ok("report known.toml");
    let manifest = lab.read("results/known/manifest.json");
    assert_ne!(manifest, before);
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let page = lab.read("results/known/report.html");
    assert!(page.contains(manifest["digest"].as_str().unwrap()), "{manifest}");
}
