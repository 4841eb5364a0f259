//! Draws every figure from synthetic data into a folder, for inspection:
//! `cargo run -p charts --example gallery -- target/gallery`.

mod curves;
mod estimators;
mod finals;
mod odd;

use charts::{
    Figure, FinalFigure, Palette, Panel, Scale, bias_variance, convergence, final_values,
    sensitivity, variance,
};
use curves::{curves, linear, noisy, one_panel, paths, temperatures};
use estimators::{REGISTRY, TEN, loss, noise};
use finals::{accuracies, finals};
use odd::{lone, odd_finals, one_point, pathological};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/gallery".into());
    std::fs::create_dir_all(&folder)?;
    let palette = Palette::new(&REGISTRY, &TEN).with_reference("exact");
    let all: Vec<&str> = REGISTRY.iter().map(|(kind, _)| *kind).collect();
    let few = all[..24].to_vec();
    let odd = Panel { title: "pathological".into(), series: pathological(), ..Panel::default() };
    let pictures = [
        ("convergence", convergence(&curves(&TEN, 20, loss), &palette)),
        ("convergence-linear", convergence(&linear(), &palette)),
        ("convergence-all", convergence(&one_panel(curves(&all, 20, loss)), &palette)),
        ("convergence-all-twice", convergence(&curves(&all, 20, loss), &palette)),
        ("convergence-24-few-seeds", convergence(&one_panel(curves(&few, 3, loss)), &palette)),
        ("variance", variance(&noisy(curves(&TEN, 20, noise)), &palette)),
        ("variance-all", variance(&noisy(one_panel(curves(&all, 20, noise))), &palette)),
        ("bias-variance", bias_variance(&paths(&TEN), &palette)),
        ("bias-variance-all", bias_variance(&one_panel(paths(&all)), &palette)),
        ("final", final_values(&finals(&TEN, true), &palette)),
        ("final-all", final_values(&finals(&all, true), &palette)),
        ("final-accuracy", final_values(&accuracies(), &palette)),
        ("sensitivity", sensitivity(&temperatures(), &palette)),
        ("odd", convergence(&lone(odd.clone(), Scale::Auto), &palette)),
        ("odd-log", convergence(&lone(odd.clone(), Scale::Log), &palette)),
        ("odd-variance", variance(&lone(odd.clone(), Scale::Auto), &palette)),
        ("odd-bias-variance", bias_variance(&lone(odd.clone(), Scale::Auto), &palette)),
        ("odd-sensitivity", sensitivity(&lone(odd, Scale::Auto), &palette)),
        ("odd-final", final_values(&odd_finals(), &palette)),
        ("one-point", convergence(&one_point(), &palette)),
        (
            "empty",
            convergence(&Figure { title: "Nothing yet".into(), ..Figure::default() }, &palette),
        ),
        ("empty-panel", bias_variance(&lone(Panel::default(), Scale::Auto), &palette)),
        ("empty-final", final_values(&FinalFigure::default(), &palette)),
    ];
    for (name, drawing) in pictures {
        std::fs::write(Path::new(&folder).join(format!("{name}.svg")), &drawing.svg)?;
        println!("{name}: {:.1} kB", drawing.svg.len() as f64 / 1e3);
    }
    Ok(())
}
