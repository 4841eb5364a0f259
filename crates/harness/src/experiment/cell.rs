use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// A kind with all its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Its name.
    pub kind: String,
    /// Every parameter with its value.
    pub parameters: Table,
    /// The parameters that the experiment names, in its order: those a reader wants to see.
    #[serde(skip)]
    pub named: Vec<String>,
}

impl Choice {
    /// What stands where nothing is chosen.
    pub(super) fn nothing() -> Self {
        Self { kind: "none".to_owned(), parameters: Table::new(), named: vec![] }
    }

    /// The kind with the parameters that the experiment names: `gumbel-softmax temperature=0.5`.
    pub fn label(&self) -> String {
        self.label_without(&[])
    }

    /// The label without the parameters of that name.
    pub fn label_without(&self, hidden: &[&str]) -> String {
        let mut label = self.kind.clone();
        for key in self.named.iter().filter(|key| !hidden.contains(&key.as_str())) {
            if let Some(value) = self.parameters.get(key) {
                label.push_str(&format!(" {key}={}", plain(value)));
            }
        }
        label
    }

    /// The value of a parameter as text, or nothing.
    pub fn value(&self, key: &str) -> Option<String> {
        if key == "kind" { Some(self.kind.clone()) } else { self.parameters.get(key).map(plain) }
    }
}

/// A value without quotation marks.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Table(table) => {
            let pairs: Vec<String> =
                table.iter().map(|(key, value)| format!("{key}:{}", plain(value))).collect();
            format!("{{{}}}", pairs.join(","))
        }
        // 0.10 and 0.1 are the same number, and so are 1 and 1.0.
        Value::Float(x) => format!("{x}"),
        other => other.to_string(),
    }
}

/// What is compared: a task, an estimator and an optimiser. Its runs differ in their seed alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Index of its task among the experiment's.
    pub task: usize,
    /// The estimator.
    pub estimator: Choice,
    /// The optimiser.
    pub optimizer: Choice,
}
