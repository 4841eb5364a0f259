//! Two results side by side, results done again, and curves for other programs.

use super::support::{Lab, errors};
use serde_json::Value;

/// Results of five seeds, and the same with another learning rate.
fn lab() -> Lab {
    let lab = Lab::with(&[("seeds = 3", "seeds = 5")]);
    lab.ok("sweep tiny.toml --quiet");
    lab.ok("sweep tiny.toml --quiet --set optimizer.learning-rate=1e-6 --force --results slow");
    lab
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_result_compared_with_itself_is_identical() {
    let lab = lab();
    let said = lab.ok("compare results/tiny results/tiny --gate");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("3 cells: 3 identical, 0 without a difference"), "{said}");
}

/// The label of a cell holds the learning rate, so the second result is made to have the same labels.
#[test]
fn what_is_worse_ends_with_a_code_of_its_own() {
    let lab = lab();
    let renamed = lab.read("slow/tiny/seeds.csv").replace("0.000001", "0.01");
    lab.write("slow/tiny/seeds.csv", renamed);
    let said = lab.ok("compare results/tiny slow/tiny");
    assert!(said.contains("experiment: optimizer") && said.contains("settings"), "{said}");
    let compared = json(&lab.ok("compare results/tiny slow/tiny --format json"));
    let cells = compared["cells"].as_array().unwrap();
    let verdicts: Vec<&str> = cells.iter().map(|cell| cell["verdict"].as_str().unwrap()).collect();
    assert!(verdicts.contains(&"worse"), "{compared}");
    for cell in cells {
        let [low, high] = [0, 1].map(|i| cell["interval"][i].as_f64().unwrap());
        let is_worse = low > 0.0;
        assert_eq!(cell["verdict"] == "worse", is_worse, "{cell}");
        assert!(low <= high);
    }
    lab.ends(3, "compare results/tiny slow/tiny --gate");
    // How much worse the worst is, as a share.
    let share =
        |cell: &Value| cell["difference"].as_f64().unwrap() / cell["first"].as_f64().unwrap();
    let most = cells.iter().map(share).fold(0.0, f64::max);
    lab.ends(3, &format!("compare results/tiny slow/tiny --gate --tolerance {}", 0.9 * most));
    lab.ok(&format!("compare results/tiny slow/tiny --gate --tolerance {}", 1.1 * most));
    lab.ok("compare slow/tiny results/tiny --gate");
    lab.ends(2, "compare results/tiny slow/tiny --tolerance 0.1");
}

#[test]
fn what_has_nothing_in_common_cannot_pass_a_gate() {
    let lab = lab();
    let said = lab.ends(4, "compare results/tiny slow/tiny --gate");
    assert!(said.contains("3 only in the first, 3 only in the second"), "{said}");
    let output = lab.run("compare results/tiny results/none");
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("seeds.csv cannot be read"), "{}", errors(&output));
    lab.write("bad/seeds.csv", "a,b\n1,2\n");
    let output = lab.run("compare results/tiny bad");
    assert!(errors(&output).contains("no table of seeds"), "{}", errors(&output));
    let bad = lab.read("results/tiny/seeds.csv").replacen(",lower,", ",lower,many", 1);
    lab.write("bad/seeds.csv", bad);
    let output = lab.run("compare results/tiny bad");
    assert!(errors(&output).contains("row 1"), "{}", errors(&output));
}

#[test]
fn results_are_reproduced_or_differ() {
    let lab = lab();
    assert!(lab.ok("reproduce tiny.toml --quiet").contains("tiny: identical, bit for bit"));
    // A number that nobody measured.
    let table = lab.read("results/tiny/seeds.csv");
    let place = table.find(",lower,").unwrap() + ",lower,".len();
    lab.write("results/tiny/seeds.csv", format!("{}7{}", &table[..place], &table[place..]));
    let said = lab.run("reproduce tiny.toml --quiet --work again");
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.contains("seeds.csv"), "{text}");
    assert!(!text.contains("identical, bit for bit"), "{text}");
    // A file that is gone.
    std::fs::remove_file(lab.path("results/tiny/curves.csv")).unwrap();
    let said = lab.run("reproduce tiny.toml --quiet --work again");
    assert!(String::from_utf8(said.stdout).unwrap().contains("curves.csv"));
    let output = lab.run("reproduce other.toml");
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("no results"), "{}", errors(&output));
}

#[test]
fn curves_are_exported_for_other_programs() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let table = lab.ok("export tiny.toml --metric test-loss");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().next_back(), Some("value"));
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    // Three cells, three seeds, steps 0, 10 and 20.
    assert_eq!(rows.len(), 27);
    let record = lab.read("results/tiny/runs.jsonl");
    for row in &rows {
        assert_eq!((&row[4], &row[5]), ("done", "test-loss"));
        assert!(record.contains(&row[7]), "{row:?}");
    }
    assert!(lab.ok("export tiny.toml").lines().count() > 27);
    lab.ok("export tiny.toml --out all.csv --metric test-loss");
    assert_eq!(lab.read("all.csv"), table);
    lab.ok("export tiny.toml --format tensorboard --out board");
    let mut folders = vec![lab.path("board")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in super::support::entries(&folder) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                assert!(std::fs::read(&entry).unwrap().len() > 500);
                files += 1;
            }
        }
    }
    assert_eq!(files, 9);
    for (arguments, words) in [
        ("export tiny.toml --metric test-los", "did you mean `test-loss`"),
        ("export tiny.toml --format tensorboard", "--out"),
        ("export tiny.toml --seeds 2", "has none of the 6 runs"),
    ] {
        let output = lab.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert!(errors(&output).contains(words), "{arguments}: {}", errors(&output));
    }
}
