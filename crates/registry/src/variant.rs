use toml::{Table, Value};

/// A kind with a value for each of its parameters, and what they build.
#[derive(Clone, Debug)]
pub struct Variant<T> {
    /// The name of the kind.
    pub kind: &'static str,
    /// The version of the kind's numbers.
    pub version: u32,
    /// Every parameter with its value.
    pub parameters: Table,
    /// The parameters that the user gave: those that a label shows.
    pub given: Vec<String>,
    /// What the parameters build.
    pub built: T,
}

impl<T> Variant<T> {
    /// The kind with the parameters that the user gave, such as `gumbel-softmax temperature=0.5`.
    pub fn label(&self) -> String {
        self.label_without(&[])
    }

    /// The label without the parameters of these names.
    pub fn label_without(&self, hidden: &[&str]) -> String {
        let mut label = self.kind.to_owned();
        for key in self.given.iter().filter(|key| !hidden.contains(&key.as_str())) {
            if let Some(value) = self.parameters.get(key) {
                label.push_str(&format!(" {key}={}", plain(value)));
            }
        }
        label
    }

    /// The value of a parameter as text, if there is such a parameter. `kind` counts as one.
    pub fn value(&self, key: &str) -> Option<String> {
        match key {
            "kind" => Some(self.kind.to_owned()),
            key => self.parameters.get(key).map(plain),
        }
    }

    /// Whether two variants are the same kind with the same values.
    pub fn is_same<U>(&self, other: &Variant<U>) -> bool {
        self.kind == other.kind && self.parameters == other.parameters
    }

    /// The table that an experiment file would hold: `kind` and every parameter.
    pub fn table(&self) -> Table {
        let mut table = Table::from_iter([("kind".to_owned(), Value::from(self.kind))]);
        table.extend(self.parameters.clone());
        table
    }

    /// The same variant, with something else made of what it built.
    ///
    /// # Errors
    /// If `convert` fails.
    pub fn try_map<U, E>(self, convert: impl FnOnce(T) -> Result<U, E>) -> Result<Variant<U>, E> {
        let Self { kind, version, parameters, given, built } = self;
        Ok(Variant { kind, version, parameters, given, built: convert(built)? })
    }
}

/// A value as text, without quotation marks.
pub fn plain(value: &Value) -> String {
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
