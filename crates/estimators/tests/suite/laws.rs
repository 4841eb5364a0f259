//! Every registered estimator keeps every law, with its default parameters and with other values of each
//! parameter: a new estimator is checked as soon as it is registered.

use estimators::Registry;
use estimators::laws::{LAWS, Law, Variant};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn laws() -> impl Iterator<Item = &'static Law> {
    LAWS.iter().copied().flatten()
}

#[test]
fn every_registered_estimator_keeps_every_law() {
    let variants = Variant::all_of(&Registry::standard());
    let pairs = laws().flat_map(|law| variants.iter().map(move |variant| (law, variant)));
    let pairs: Vec<_> = pairs.collect();
    let (next, found) = (AtomicUsize::new(0), Mutex::new((vec![], BTreeMap::new())));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((law, variant)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = law.check(variant);
                    let (violations, cases) = &mut *found.lock().unwrap();
                    match verdict {
                        Ok(count) => *cases.entry(law.name).or_insert(0) += count,
                        Err(violation) => violations.push(violation.to_string()),
                    }
                }
            });
        }
    });
    let (violations, cases) = found.into_inner().unwrap();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
    // A law that applies to nothing checks nothing.
    for law in laws() {
        let is_rare = law.name.starts_with("schedule") || law.name == "many-categories";
        let least = if is_rare { 10 } else { 60 };
        assert!(
            cases[law.name] >= least,
            "`{}` was checked in {} cases",
            law.name,
            cases[law.name]
        );
    }
}

#[test]
fn the_page_lists_every_law() {
    let page = include_str!("../../src/laws/mod.rs");
    let rows = page.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let mut listed: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    let mut known: Vec<&str> = laws().map(|law| law.name).collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
}

#[test]
fn variants_are_more_than_defaults() {
    let variants = Variant::all_of(&Registry::standard());
    let names: Vec<&str> = variants.iter().map(Variant::name).collect();
    for name in [
        "reinforce",
        "reinforce baseline=\"optimal-per-component\"",
        "reinforce normalise=true",
        "straight-through sample=false",
        "gapped-straight-through gap=\"pi\"",
        "disarm-categorical form=\"stick-breaking\"",
        "perturbed noise=\"gaussian\"",
        "imle noise=\"sum-of-gamma\"",
        "index-soft-argmax rounded=true",
        "rebar learned=true",
        "ars reference=1",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    for schedule in ["constant", "linear", "cosine", "step", "exponential"] {
        let kind = format!("kind = \"{schedule}\"");
        let scheduled = names.iter().filter(|name| name.contains(&kind));
        assert_eq!(scheduled.count(), 13, "{schedule}: {names:?}");
    }
}
