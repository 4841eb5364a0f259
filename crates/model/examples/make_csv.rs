//! Prints the table of `experiments/csv.toml`: 600 rows of four numbers and a target that is one of
//! three linear functions of them. `cargo run -p model --example make_csv > experiments/regimes.csv`

use kernels::Noise;
use model::task::Regimes;

fn main() {
    let stream = &mut Noise::named(&["make_csv"]);
    let truth = Regimes::draw(4, 3, 0.1, stream);
    println!("pressure,flow,speed,load,output");
    let rows = truth.rows(600, stream);
    for (features, target) in rows.features.chunks(4).zip(rows.targets) {
        let cells: Vec<String> = features.iter().map(|x| format!("{x:.3}")).collect();
        println!("{},{:.3}", cells.join(","), 50.0 + 10.0 * target);
    }
}
