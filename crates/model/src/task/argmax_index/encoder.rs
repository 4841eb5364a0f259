//! How the cells of a table become the inputs of a network.

use super::standardize::Standardize;
use super::table::{Cells, Column, Missing, Table};
use serde::{Deserialize, Serialize};

/// How rows are encoded, learned from those that are trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Encoder {
    /// The features, in the order of their inputs.
    pub features: Vec<Feature>,
    /// What is predicted.
    pub target: Target,
}

/// A column and the inputs that it becomes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Feature {
    /// The column's name.
    pub name: String,
    /// What its cells are.
    #[serde(flatten)]
    pub kind: FeatureKind,
}

/// What the cells of a feature are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FeatureKind {
    /// A number: one input, and one more if cells may be missing.
    Number {
        /// How it is standardized.
        scale: Standardize,
        /// What stands in for a missing cell; absent if none may be missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fill: Option<f64>,
        /// How 1 for a missing cell, and 0 for others, is standardized, if that is an input.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flag: Option<Standardize>,
    },
    /// A text: an input for each level, 1 for the level of the cell and 0 for the others.
    Text {
        /// The levels.
        levels: Vec<String>,
        /// How the inputs are standardized.
        scales: Vec<Standardize>,
    },
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Target {
    /// The column's name.
    pub name: String,
    /// What its cells are.
    #[serde(flatten)]
    pub kind: TargetKind,
}

/// What the cells of a target are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TargetKind {
    /// A number.
    Number {
        /// How it is standardized.
        scale: Standardize,
    },
    /// A class.
    Class {
        /// The names of the classes.
        classes: Vec<String>,
    },
}

impl Encoder {
    /// Learns from the rows of a table that are trained on.
    pub(super) fn of(table: &Table, train: &[usize]) -> Self {
        let feature = |column: &Column| Feature::of(column, train, table.missing);
        let kind = match &table.target.cells {
            Cells::Numbers(numbers) => {
                TargetKind::Number { scale: Standardize::of(train.iter().map(|&row| numbers[row])) }
            }
            Cells::Levels(classes, _) => TargetKind::Class { classes: classes.clone() },
        };
        let target = Target { name: table.target.name.clone(), kind };
        Self { features: table.features.iter().map(feature).collect(), target }
    }

    /// The same, with a target that is not standardized if it is a number.
    pub(super) fn with_target_as_it_is(mut self) -> Self {
        if let TargetKind::Number { scale } = &mut self.target.kind {
            *scale = Standardize::IDENTITY;
        }
        self
    }

    /// So many numbers `x1`, `x2`, …, and a target `y`, each as it is.
    pub(super) fn of_numbers(count: usize) -> Self {
        let scale = Standardize::IDENTITY;
        let feature = |index: usize| Feature {
            name: format!("x{index}"),
            kind: FeatureKind::Number { scale, fill: None, flag: None },
        };
        let target = Target { name: "y".to_owned(), kind: TargetKind::Number { scale } };
        Self { features: (1..=count).map(feature).collect(), target }
    }

    /// Rejects what cannot encode a row.
    ///
    /// # Errors
    /// If there are no inputs, a text has not one scale per level, or there are no classes.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.input_names().is_empty() {
            return Err("it has no inputs".to_owned());
        }
        for Feature { name, kind } in &self.features {
            if matches!(kind, FeatureKind::Text { levels, scales } if levels.len() != scales.len())
            {
                return Err(format!("feature `{name}` has not one scale for each text"));
            }
        }
        match self.classes() {
            Some(0) => Err("it has no classes".to_owned()),
            _ => Ok(()),
        }
    }

    /// The inputs of some rows of the table that it was learned from, row after row.
    pub(super) fn inputs(&self, table: &Table, rows: &[usize]) -> Vec<f64> {
        let mut inputs = vec![];
        for &row in rows {
            for (feature, column) in self.features.iter().zip(&table.features) {
                match &column.cells {
                    Cells::Numbers(numbers) => feature.push_number(numbers[row], &mut inputs),
                    Cells::Levels(_, indices) => feature.push_level(indices[row], &mut inputs),
                }
            }
        }
        inputs
    }

    /// The targets of some rows: standardized numbers, or classes by their index.
    pub(super) fn targets(&self, table: &Table, rows: &[usize]) -> Vec<f64> {
        match (&self.target.kind, &table.target.cells) {
            (TargetKind::Number { scale }, Cells::Numbers(numbers)) => {
                rows.iter().map(|&row| scale.apply_to_target(numbers[row])).collect()
            }
            (_, Cells::Levels(_, indices)) => rows.iter().map(|&row| indices[row] as f64).collect(),
            (TargetKind::Class { .. }, Cells::Numbers(_)) => {
                unreachable!("the target is that of the table it was learned from")
            }
        }
    }

    /// How many classes there are, if the target is a class.
    pub fn classes(&self) -> Option<usize> {
        match &self.target.kind {
            TargetKind::Number { .. } => None,
            TargetKind::Class { classes } => Some(classes.len()),
        }
    }

    /// A loss of 1 is this much in the target's units.
    pub(super) fn loss_unit(&self) -> f64 {
        match &self.target.kind {
            TargetKind::Number { scale } => scale.unit() * scale.unit(),
            TargetKind::Class { .. } => 1.0,
        }
    }

    /// The names of the inputs, in order.
    pub fn input_names(&self) -> Vec<String> {
        self.features.iter().flat_map(Feature::input_names).collect()
    }
}

impl Feature {
    fn of(column: &Column, train: &[usize], missing: Missing) -> Self {
        let kind = match &column.cells {
            Cells::Numbers(numbers) => {
                let fill = (missing == Missing::Mean).then(|| mean(numbers, train));
                let has_missing = numbers.iter().any(|x| x.is_nan());
                let flags = || train.iter().map(|&row| indicator(numbers[row].is_nan()));
                let filled = |&row: &usize| filled(numbers[row], fill);
                FeatureKind::Number {
                    scale: Standardize::of(train.iter().map(filled)),
                    fill,
                    flag: has_missing.then(|| Standardize::of(flags())),
                }
            }
            Cells::Levels(levels, indices) => {
                let scale = |level: usize| {
                    Standardize::of(train.iter().map(move |&row| indicator(indices[row] == level)))
                };
                let scales = (0..levels.len()).map(scale).collect();
                FeatureKind::Text { levels: levels.clone(), scales }
            }
        };
        Self { name: column.name.clone(), kind }
    }

    /// Adds the inputs of a number, which is NaN if it is missing.
    pub(super) fn push_number(&self, x: f64, inputs: &mut Vec<f64>) {
        let FeatureKind::Number { scale, fill, flag } = &self.kind else {
            unreachable!("the column of a text has levels")
        };
        inputs.push(scale.apply(filled(x, *fill)));
        inputs.extend(flag.map(|flag| flag.apply(indicator(x.is_nan()))));
    }

    /// Adds the inputs of a level, by its index.
    pub(super) fn push_level(&self, index: usize, inputs: &mut Vec<f64>) {
        let FeatureKind::Text { scales, .. } = &self.kind else {
            unreachable!("the column of a number has no levels")
        };
        let inputs_of = scales.iter().enumerate();
        inputs.extend(inputs_of.map(|(level, scale)| scale.apply(indicator(level == index))));
    }

    fn input_names(&self) -> Vec<String> {
        let name = &self.name;
        match &self.kind {
            FeatureKind::Number { flag: None, .. } => vec![name.clone()],
            FeatureKind::Number { .. } => vec![name.clone(), format!("{name} is missing")],
            FeatureKind::Text { levels, .. } => {
                levels.iter().map(|level| format!("{name}={level}")).collect()
            }
        }
    }
}

fn filled(x: f64, fill: Option<f64>) -> f64 {
    if x.is_nan() { fill.unwrap_or(x) } else { x }
}

fn indicator(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

/// The mean of the numbers of some rows that are not missing; 0 if all are.
fn mean(numbers: &[f64], rows: &[usize]) -> f64 {
    let present = || rows.iter().map(|&row| numbers[row]).filter(|x| !x.is_nan());
    let count = present().count() as f64;
    // Shares, as a sum may overflow.
    present().map(|x| x / count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, cells: Cells) -> Column {
        Column { name: name.to_owned(), cells }
    }

    /// Numbers 1, ?, 3 and 9, texts b, a, b and c, and a class; the last row is not trained on.
    fn table() -> Table {
        let texts = |names: &[&str], indices: &[usize]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            Cells::Levels(names, indices.to_vec())
        };
        Table {
            features: vec![
                column("x", Cells::Numbers(vec![1.0, f64::NAN, 3.0, 9.0])),
                column("t", texts(&["a", "b", "c"], &[1, 0, 1, 2])),
            ],
            target: column("y", texts(&["no", "yes"], &[0, 1, 1, 0])),
            parts: None,
            left_out: 0,
            missing: Missing::Mean,
            digest: String::new(),
        }
    }

    #[test]
    fn inputs_by_hand() {
        let (table, train) = (table(), [0, 1, 2]);
        let encoder = Encoder::of(&table, &train);
        assert_eq!(encoder.input_names(), ["x", "x is missing", "t=a", "t=b", "t=c"]);
        // 1, 2 and 3 have mean 2 and variance 2/3; a flag of one in three mean 1/3 and variance 2/9.
        let (unit, flag) = ((2.0f64 / 3.0).sqrt(), (2.0f64 / 9.0).sqrt());
        let (is, is_not) = (2.0 / 3.0 / flag, -1.0 / 3.0 / flag);
        let expected = [
            [-1.0 / unit, is_not, is_not, -is_not, 0.0],
            [0.0, is, is, -is, 0.0],
            [1.0 / unit, is_not, is_not, -is_not, 0.0],
            // A level that is not seen in training is 0, as are all columns that are constant there.
            [7.0 / unit, is_not, is_not, -is, 0.0],
        ];
        let inputs = encoder.inputs(&table, &[0, 1, 2, 3]);
        let is_close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
        assert!(
            inputs.iter().zip(expected.as_flattened()).all(is_close),
            "{inputs:?} {expected:?}"
        );
        assert_eq!(encoder.targets(&table, &[3, 2]), [0.0, 1.0]);
        assert_eq!((encoder.classes(), encoder.loss_unit()), (Some(2), 1.0));
    }

    /// Neither the numbers nor the gaps of other rows move what is learned.
    #[test]
    fn only_training_rows_are_learned_from() {
        let train = [0, 1, 2];
        let mut changed = table();
        changed.features[0].cells = Cells::Numbers(vec![1.0, f64::NAN, 3.0, f64::NAN]);
        assert_eq!(Encoder::of(&table(), &train), Encoder::of(&changed, &train));
        assert_ne!(Encoder::of(&table(), &train), Encoder::of(&table(), &[0, 1, 3]));
    }

    #[test]
    fn what_is_all_missing_is_zero() {
        let mut table = table();
        table.features[0].cells = Cells::Numbers(vec![f64::NAN, f64::NAN, f64::NAN, 9.0]);
        let encoder = Encoder::of(&table, &[0, 1, 2]);
        let inputs = encoder.inputs(&table, &[0, 3]);
        assert_eq!((inputs[0], inputs[1], inputs[5], inputs[6]), (0.0, 0.0, 0.0, 0.0));
    }

    #[test]
    fn an_encoder_is_stored_as_it_is() {
        let encoder = Encoder::of(&table(), &[0, 1, 2]);
        let text = toml::to_string(&encoder).unwrap();
        assert_eq!(toml::from_str::<Encoder>(&text).unwrap(), encoder, "{text}");
    }
}
