//! Damaged input of every kind: an error says so, and nothing panics, hangs or takes all memory.
//!
//! A few changes of each input, always the same ones. `ARGMAX_LAB_FUZZ_SECONDS` tries others for so long.

use super::support::{EXPERIMENT, Lab};
use estimators::reference::{TABLES, Table};
use harness::Registries;
use harness::experiment::{Experiment, Overrides};
use harness::record::Records;
use kernels::Noise;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Changes of each input, unless there is a time.
const CHANGES: u64 = 150;
/// The longest that reading may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Words that break what reads them.
const WORDS: [&str; 14] = [
    "-1",
    "0",
    "1e308",
    "-0.0",
    "nan",
    "inf",
    "99999999999999999999",
    "9223372036854775807",
    "\"",
    "[",
    "]]",
    "{",
    "\u{0}",
    "é\u{301}",
];

/// The text with a few changes: bytes that are others, gone or new, parts that are moved, and words.
fn changed(text: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..=noise.index(4) {
        let place = noise.index(text.len().max(1) as u32) as usize;
        let end = (place + noise.index(40) as usize).min(text.len());
        match noise.index(6) {
            0 if place < text.len() => text[place] = noise.index(256) as u8,
            1 => drop(text.drain(place.min(end)..end)),
            2 => {
                let part = text[place.min(end)..end].to_vec();
                let to = noise.index(text.len().max(1) as u32) as usize;
                text.splice(to..to, part);
            }
            3 => text.truncate(place),
            _ => {
                let word = WORDS[noise.index(WORDS.len() as u32) as usize];
                // A word instead of the next number, or where there is none, between two bytes.
                let is_digit = |byte: &u8| byte.is_ascii_digit();
                let start = text[place.min(text.len())..].iter().position(is_digit);
                let start = start.map_or(place.min(text.len()), |found| place + found);
                let length = text[start..].iter().take_while(|byte| is_digit(byte)).count();
                text.splice(start..start + length, word.bytes());
            }
        }
    }
    text
}

/// Reads changed inputs, and fails with the input that made it panic or hang.
fn fuzz(name: &str, inputs: &[Vec<u8>], mut read: impl FnMut(&[u8])) {
    let seconds = std::env::var("ARGMAX_LAB_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok());
    let time = seconds.map(Duration::from_secs);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed = time.map_or_else(|| "0".to_owned(), |_| now.as_nanos().to_string());
    let mut noise = Noise::named(&["fuzz", name, &seed]);
    let start = Instant::now();
    let mut count = 0;
    while time.map_or(count < CHANGES, |time| start.elapsed() < time) {
        let input = &inputs[noise.index(inputs.len() as u32) as usize];
        let text = changed(input, &mut noise);
        let before = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(|| read(&text)));
        let shown = || String::from_utf8_lossy(&text).into_owned();
        assert!(ended.is_ok(), "{name}, change {count} of {seed} panics:\n{}", shown());
        assert!(before.elapsed() < LIMIT, "{name}, change {count} of {seed} hangs:\n{}", shown());
        count += 1;
    }
    println!("{name}: {count} inputs");
}

#[test]
fn fuzz_experiments() {
    let (lab, registries) = (Lab::new(), Registries::standard());
    let argmax = Experiment::read("argmax".as_ref(), &Overrides::default(), &registries).unwrap();
    let whole = toml::to_string(&argmax.resolved).unwrap();
    let inputs = [EXPERIMENT.as_bytes().to_vec(), whole.into_bytes()];
    fuzz("experiments", &inputs, |text| {
        let Ok(text) = std::str::from_utf8(text) else { return };
        let _ = Experiment::parse(&lab.path("x.toml"), text, &Overrides::default(), &registries);
    });
}

#[test]
fn fuzz_tables_of_users() {
    let (lab, registries) = (Lab::new(), Registries::standard());
    let text = "[task]\nkind = \"argmax-index\"\ndata = \"table.csv\"\ntarget = \"y\"\n[[estimator]]\nkind = \"exact\"\n";
    let rows: String =
        (0..40).map(|i| format!("{i},{},w{},{}\n", i % 7, i % 3, i * i % 11)).collect();
    fuzz("tables", &[format!("a,b,c,y\n{rows}").into_bytes()], |table| {
        lab.write("table.csv", table);
        let _ = Experiment::parse(&lab.path("x.toml"), text, &Overrides::default(), &registries);
    });
}

#[test]
fn fuzz_records() {
    let lab = Lab::new();
    lab.ok("sweep tiny.toml --quiet");
    let records = lab.read("results/tiny/runs.jsonl");
    let two: Vec<&str> = records.lines().take(2).collect();
    fuzz("records", &[two.join("\n").into_bytes(), records.clone().into_bytes()], |text| {
        lab.write("fuzz/runs.jsonl", text);
        let _ = Records::read(&lab.path("fuzz"));
        let _ = Records::read_outcomes(&lab.path("fuzz"), |_| true);
    });
}

#[test]
fn fuzz_reference_tables() {
    let inputs: Vec<Vec<u8>> = TABLES.iter().map(|(_, text)| text.as_bytes().to_vec()).collect();
    fuzz("reference tables", &inputs, |text| {
        if let Ok(text) = std::str::from_utf8(text) {
            let _ = Table::parse(text);
        }
    });
}
