//! Written readings, with the numbers that they refer to.

use super::*;
use crate::support::errors;

const READING: &str = "reading = \"\"\"With `exact`: {{ value('argmax-index', 'exact') }}.\n\nThe other is \
    {{ difference('argmax-index', 'soft-argmax temperature=0.5') | signed }}, < {{ reference(\
    'argmax-index', 'predict-mean') }}; {{ best('argmax-index') }} leads, from {{ at('argmax-index', \
    'exact', 'test-loss', 1) }}.\"\"\"\n";

const READ: [&str; 2] = [
    "With `exact`: 4.50.",
    "The other is +0.500, < 13.5; `soft-argmax temperature=1` leads, from 14.5.",
];

fn with_reading(more: &str) -> String {
    format!("{READING}{more}{EXPERIMENT}")
}

/// Whether the reading is in the report and for programs, or in neither.
fn is_shown(lab: &Lab, folder: &str) -> bool {
    let page = lab.read(&format!("results/{folder}/report.html"));
    let paragraphs: Vec<String> = page
        .split("<p class=\"reading\">")
        .skip(1)
        .map(|rest| rest.split("</p>").next().unwrap().to_owned())
        .filter(|line| !line.contains("whether choosing helps") && !line.starts_with("Choosing"))
        .collect();
    let summary: Value =
        serde_json::from_str(&lab.read(&format!("results/{folder}/summary.json"))).unwrap();
    assert_eq!(paragraphs.is_empty(), summary["reading"].is_null(), "{paragraphs:?}");
    if !paragraphs.is_empty() {
        let code = |text: &str| {
            let parts: Vec<&str> = text.split('`').collect();
            let [before, name, after] = parts[..] else { panic!("{text}") };
            format!("{before}<code>{name}</code>{after}").replace("< 13", "&lt; 13")
        };
        assert_eq!(paragraphs, READ.map(code));
        assert_eq!(summary["reading"], READ.join("\n\n"));
    }
    !paragraphs.is_empty()
}

#[test]
fn references_become_numbers() {
    let lab = reported(&with_reading(""), known);
    assert!(is_shown(&lab, "known"));
    assert!(!lab.read("results/known/report.html").contains("a written reading"));
    // With another question, all numbers are the same.
    lab.ok("report known.toml --set question=Really?");
    assert!(is_shown(&lab, "known"));
    assert!(lab.read("results/known/report.html").contains("<h1>Really?</h1>"));
}

#[test]
fn a_reading_waits_for_all_runs() {
    let lab = reported(&with_reading(""), |place, record| {
        known(place, record);
        if place.kind == "exact" && place.seed == 7.0 {
            *record = Value::Null;
        }
    });
    assert!(!is_shown(&lab, "known"));
    let page = lab.read("results/known/report.html");
    assert!(page.contains("a written reading of all its runs: it is shown when they are done"));
}

/// The folder that a verb says it wrote a report to.
fn folder(said: &str) -> String {
    let (_, rest) = said.split_once("runs, in results/").unwrap_or_else(|| panic!("{said}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_reading_is_for_its_settings() {
    let lab = reported(&with_reading(""), known);
    let other = folder(&lab.ok("sweep known.toml --seeds 2"));
    assert_ne!(other, "known");
    assert!(!is_shown(&lab, &other) && is_shown(&lab, "known"));
    let note =
        "The experiment has a written reading, but for other settings: it is not shown here.";
    assert!(lab.read(&format!("results/{other}/report.html")).contains(note));

    // With a digest, it is for these settings and no others.
    let own = summary(&lab)["settings"].as_str().unwrap().to_owned();
    lab.write("known.toml", with_reading(&format!("reading-of = \"{own}\"\n")));
    let output = lab.run("report known.toml");
    assert!(is_shown(&lab, "known") && !errors(&output).contains("reading"), "{output:?}");
    lab.write("known.toml", with_reading("reading-of = \"0123456789abcdef\"\n"));
    let output = lab.run("report known.toml");
    assert!(!is_shown(&lab, "known"));
    assert!(lab.read("results/known/report.html").contains(note));
    let said = errors(&output);
    assert!(said.contains(&format!("add reading-of = \"{own}\"")), "{said}");
}

/// Settings that the command line makes can be those of the reading.
#[test]
fn a_reading_can_be_for_settings_of_the_command_line() {
    let lab = reported(EXPERIMENT, known);
    let other = folder(&lab.ok("sweep known.toml --seeds 2"));
    let text = lab.read(&format!("results/{other}/summary.json"));
    let settings: Value = serde_json::from_str::<Value>(&text).unwrap()["settings"].clone();
    let plain = "reading = \"Two seeds.\"\n";
    lab.write("known.toml", format!("{plain}reading-of = {settings}\n{EXPERIMENT}"));
    let read = |folder: &str| {
        let text = lab.read(&format!("results/{folder}/summary.json"));
        serde_json::from_str::<Value>(&text).unwrap()["reading"].clone()
    };
    assert_eq!(folder(&lab.ok("report known.toml --seeds 2")), other);
    lab.ok("report known.toml");
    assert_eq!((read(&other), read("known")), (json!("Two seeds."), json!(null)));
}

/// An unknown name is found when the report is written: it says where, and the runs stay.
#[test]
fn unknown_names_are_found_and_lose_no_run() {
    let lab = Lab::new();
    let reading = |line: &str| format!("reading = \"\"\"Well.\n{line}\"\"\"\n{EXPERIMENT}");
    lab.write("known.toml", reading("It is {{ value('argmax-index', 'exakt') }}."));
    let output = lab.run("sweep known.toml");
    let said = errors(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for words in ["error: experiment known.toml: ", "reading, line 2: ", "`exakt`", "`exact`?"] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    let path = "results/known/runs.jsonl";
    let runs = lab.read(path);
    assert_eq!(runs.lines().count(), 48);
    assert!(!lab.path("results/known/report.html").exists());
    for (line, words) in [
        ("{{ value('argmax', 'exact') }}", "`argmax` names no task"),
        ("{{ reference('argmax-index', 'mean') }}", "unknown reference `mean`"),
        ("{{ at('argmax-index', 'exact', 'test-loss', 3) }}", "no `test-loss` of `exact`"),
        ("{{ valeu('argmax-index', 'exact') }}", "valeu"),
    ] {
        lab.write("known.toml", reading(line));
        let output = lab.run("report known.toml");
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("experiment known.toml: reading, line 2: "), "{said}");
        assert!(said.contains(words), "no {words} in {said}");
    }
    assert_eq!(lab.read(path), runs);
    lab.write("known.toml", reading("{{ value('argmax-index', 'exact') }}"));
    assert!(lab.ok("sweep known.toml").contains("nothing to do"));
}
