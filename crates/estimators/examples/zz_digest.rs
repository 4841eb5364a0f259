//! Digest of estimates.
use estimators::objectives::ExpDot;
use estimators::{
    reference::{TABLES, Table},
    *,
};
use std::collections::BTreeSet;
fn run<E: Real>(mut e: Box<dyn Estimator<E>>, l: usize, k: usize) -> String {
    let dims = Dims { batch: 20, latents: l, categories: k };
    if e.refuses(dims).is_some() {
        return "refused".into();
    }
    let mut h: u64 = 0xcbf29ce484222325;
    let mut add = |x: f64| {
        for b in x.to_bits().to_le_bytes() {
            h = (h ^ b as u64).wrapping_mul(0x100000001b3);
        }
    };
    let of = |n: usize, s: f64| -> Vec<E> {
        (0..n).map(|i| E::of(((i * 37) % 101) as f64 * 0.03 * s - 1.5 * s)).collect()
    };
    let logits = of(dims.elements(), 1.0);
    let objective: Box<dyn Objective<E>> = if l == 1 {
        Box::new(SquaredPick::of(&of(20 * k, -0.7), &of(20, 0.3)))
    } else {
        Box::new(ExpDot::of(&of(20 * l * k, 0.4), 20))
    };
    let noise = Noise::named(&["digest"]);
    for step in 0..4 {
        let Ok(g) = gradient(&mut *e, &logits, dims, &*objective, None, &mut noise.at(step)) else {
            return "error".into();
        };
        g.logits.iter().chain(&g.losses).chain([&g.value]).for_each(|x| add(x.widen()));
        e.advance().unwrap();
    }
    format!("{h:016x}")
}
fn main() {
    let registry = Registry::standard();
    let mut seen = BTreeSet::new();
    let mut rows: Vec<(String, toml::Table)> =
        registry.entries().iter().map(|e| (e.name.to_owned(), toml::Table::new())).collect();
    for (_, text) in TABLES {
        for row in Table::parse(text).unwrap().rows {
            let entry = registry.get(&row.kind).unwrap();
            rows.push((row.kind.clone(), row.parameters_for(entry)));
        }
    }
    for kind in ["rebar"] {
        rows.push((kind.into(), "learned = true".parse().unwrap()));
    }
    for b in ["none", "ema", "learned", "greedy", "mean", "optimal", "optimal-per-component"] {
        rows.push((
            "reinforce".into(),
            format!("baseline = '{b}'\nnormalise = true").parse().unwrap(),
        ));
    }
    rows.push(("index-soft-argmax".into(), "rounded = true".parse().unwrap()));
    rows.push(("straight-through".into(), "sample = false\ntemperature = 0.7".parse().unwrap()));
    rows.push(("imle".into(), "noise = 'sum-of-gamma'".parse().unwrap()));
    rows.push(("entmax".into(), "alpha = 1.7".parse().unwrap()));
    for (kind, table) in rows {
        let name = format!("{kind} {}", table.to_string().replace('\n', " "));
        if !seen.insert(name.clone()) {
            continue;
        }
        let entry = registry.get(&kind).unwrap();
        let full = toml::to_string(&entry.variant(table.clone()).unwrap().table())
            .unwrap()
            .replace('\n', " ");
        for (l, k) in [(1, 4), (2, 3), (3, 2), (7, 3)] {
            let a = run(entry.build(table.clone()).unwrap().build_f32(), l, k);
            let b = run(entry.build(table.clone()).unwrap().build_f64(), l, k);
            println!("{name} | {full} | {l} {k} | {a} {b}");
        }
    }
}
