//! The written reading of an experiment, with the numbers that it refers to.

use super::words::{short, signed};
use anyhow::{Context, Result, anyhow, bail};
use minijinja::{AutoEscape, Environment, Error, ErrorKind};
use serde_json::Value;
use std::sync::Arc;

/// The numbers of a results folder: those of `summary.json`, and those of `curves.csv`, if it is there.
struct Numbers {
    summary: Value,
    curves: Vec<Point>,
}

/// A line of `curves.csv`.
#[derive(serde::Deserialize)]
struct Point {
    task: String,
    estimator: String,
    metric: String,
    step: u64,
    iqm: String,
}

/// The reading with a number in place of each reference in double braces:
///
/// | reference | number |
/// |---|---|
/// | `value(task, estimator)` | the ranking metric |
/// | `low(task, estimator)`, `high(task, estimator)` | the bounds of its interval |
/// | `difference(task, estimator)` | its difference to `exact` |
/// | `p(task, estimator)` | the adjusted p-value of that |
/// | `rank(task, estimator)` | its place |
/// | `untuned(task, estimator)` | the ranking metric with one random setting |
/// | `steps(task, estimator)` | the steps that it takes to the threshold |
/// | `reference(task, name)` | a reference of the task |
/// | `at(task, estimator, metric, step)` | a metric along training |
/// | `best(task)` | the name of the first estimator |
/// | `names(task, verdict)` | the estimators that are significantly `better` or `worse` than `exact` |
/// | `count(task, verdict)` | how many those are |
/// | `deviation()` | the largest relative deviation from an expected value |
/// | `met()`, `missed()` | how many expected values are met within their tolerance, and how many are not |
///
/// A task or an estimator is named by its label, or by words of it that no other has. Numbers can be computed with; they are written with
/// three digits, differences with `| signed`, shares with `| percent`.
///
/// # Errors
/// If a name is unknown, or the reading is no valid template.
pub fn render(reading: &str, summary: &Value, curves: Option<&[u8]>) -> Result<String> {
    let mut points = vec![];
    for point in csv::Reader::from_reader(curves.unwrap_or_default()).deserialize() {
        points.push(point?);
    }
    let numbers = Arc::new(Numbers { summary: summary.clone(), curves: points });
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.set_formatter(|out, state, value| {
        let number = f64::try_from(value.clone()).ok().filter(|_| value.is_number());
        match number.filter(|_| !value.is_integer()) {
            Some(number) => out.write_str(&short(number)).map_err(Error::from),
            None => minijinja::escape_formatter(out, state, value),
        }
    });
    environment.add_filter("signed", signed);
    environment.add_filter("percent", |share: f64| format!("{} %", short(100.0 * share)));
    add_functions(&mut environment, &numbers);
    environment.render_str(reading, ()).map_err(|error| {
        let why = error.detail().map_or_else(|| error.to_string(), str::to_owned);
        anyhow!("reading, line {}: {why}", error.line().unwrap_or(1))
    })
}

fn add_functions(environment: &mut Environment<'_>, numbers: &Arc<Numbers>) {
    let with = |get: fn(&Numbers, &str, &str) -> Result<minijinja::Value>| {
        let numbers = Arc::clone(numbers);
        move |a: String, b: String| get(&numbers, &a, &b).map_err(fault)
    };
    environment.add_function("value", with(|n, task, name| n.estimate(task, name, 0)));
    environment.add_function("low", with(|n, task, name| n.estimate(task, name, 1)));
    environment.add_function("high", with(|n, task, name| n.estimate(task, name, 2)));
    environment.add_function("rank", with(|n, task, name| Ok((n.place(task, name)?.0 + 1).into())));
    environment.add_function(
        "difference",
        with(|n, task, name| number(&n.place(task, name)?.1["difference-to-exact"][0])),
    );
    environment.add_function("p", with(|n, task, name| number(&n.place(task, name)?.1["p-value"])));
    environment.add_function(
        "untuned",
        with(|n, task, name| number(&n.place(task, name)?.1["one-setting"][0])),
    );
    environment.add_function(
        "steps",
        with(|n, task, name| {
            let steps = number(&n.place(task, name)?.1["steps-to-threshold"][0])?;
            Ok(f64::try_from(steps.clone()).map_or(steps, |x| (x.round() as i64).into()))
        }),
    );
    environment.add_function("reference", with(|n, task, name| n.reference(task, name)));
    environment.add_function(
        "names",
        with(|n, task, verdict| Ok(listed(&n.with_verdict(task, verdict)?).into())),
    );
    environment.add_function(
        "count",
        with(|n, task, verdict| Ok(n.with_verdict(task, verdict)?.len().into())),
    );
    let shared = Arc::clone(numbers);
    environment.add_function("best", move |task: String| {
        let ranking = shared.ranking(&task).map_err(fault)?;
        Ok::<_, Error>(format!("`{}`", ranking[0]["estimator"].as_str().unwrap_or_default()))
    });
    let shared = Arc::clone(numbers);
    environment.add_function(
        "at",
        move |task: String, estimator: String, metric: String, step: u64| {
            shared.at(&task, &estimator, &metric, step).map_err(fault)
        },
    );
    let shared = Arc::clone(numbers);
    environment.add_function("deviation", move || {
        number(&shared.summary["largest-relative-deviation"]).map_err(fault)
    });
    for name in ["met", "missed"] {
        let shared = Arc::clone(numbers);
        environment.add_function(name, move || {
            let count = shared.summary["expected"][name].as_u64();
            count.context("no expected value has a tolerance").map_err(fault)
        });
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` takes")]
fn fault(error: anyhow::Error) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{error:#}"))
}

/// A number; what a failed run counts as is infinite.
fn number(value: &Value) -> Result<minijinja::Value> {
    match value {
        Value::Number(number) => {
            Ok(number.as_f64().context("a number that fits in 64 bits")?.into())
        }
        _ => bail!("there is no such number: a failed run, or no comparison"),
    }
}

/// Names between backticks, in a list.
fn listed(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The label that this text is, or the only one that has all of its words.
fn named(labels: &[&str], text: &str) -> Option<usize> {
    if let Some(index) = labels.iter().position(|&label| label == text) {
        return Some(index);
    }
    let has_words =
        |label: &str| text.split(' ').all(|word| label.split(' ').any(|other| other == word));
    let mut found = (0..labels.len()).filter(|&index| has_words(labels[index]));
    found.next().filter(|_| found.next().is_none())
}

impl Numbers {
    /// The entry of the task whose label is this text, or the only one that contains it.
    fn task(&self, text: &str) -> Result<&Value> {
        let tasks = self.summary["tasks"].as_array().context("no tasks")?;
        let labels: Vec<&str> = tasks.iter().filter_map(|task| task["task"].as_str()).collect();
        match named(&labels, text) {
            Some(index) => Ok(&tasks[index]),
            None => bail!("`{text}` names no task, or several; known: {}", labels.join(", ")),
        }
    }

    fn ranking(&self, task: &str) -> Result<&Vec<Value>> {
        let ranking = self.task(task)?["ranking"].as_array();
        ranking.filter(|ranking| !ranking.is_empty()).context("no ranking")
    }

    /// An estimator's index in the ranking of a task, and its entry.
    fn place(&self, task: &str, estimator: &str) -> Result<(usize, &Value)> {
        let ranking = self.ranking(task)?;
        let labels = ranking.iter().filter_map(|place| place["estimator"].as_str());
        let labels: Vec<&str> = labels.collect();
        let unknown = || registry::UnknownName::new("estimator", estimator, labels.iter().copied());
        let index = named(&labels, estimator).ok_or_else(unknown)?;
        Ok((index, &ranking[index]))
    }

    /// The ranking metric of an estimator, or a bound of its interval.
    fn estimate(&self, task: &str, estimator: &str, index: usize) -> Result<minijinja::Value> {
        let metric = self.task(task)?["metric"].as_str().context("no metric")?;
        number(&self.place(task, estimator)?.1[metric][index])
    }

    fn reference(&self, task: &str, name: &str) -> Result<minijinja::Value> {
        let references = self.task(task)?["references"].as_object().context("no references")?;
        let value = references.get(name).ok_or_else(|| {
            registry::UnknownName::new("reference", name, references.keys().cloned())
        })?;
        number(&value[0])
    }

    fn with_verdict(&self, task: &str, verdict: &str) -> Result<Vec<String>> {
        if !["better", "worse"].contains(&verdict) {
            bail!("a verdict is `better` or `worse`, not `{verdict}`");
        }
        let has = |place: &&Value| place["verdict"] == verdict;
        let name = |place: &Value| format!("`{}`", place["estimator"].as_str().unwrap_or_default());
        Ok(self.ranking(task)?.iter().filter(has).map(name).collect())
    }

    fn at(&self, task: &str, estimator: &str, metric: &str, step: u64) -> Result<minijinja::Value> {
        let label = self.task(task)?["task"].as_str().unwrap_or_default();
        let estimator = self.place(task, estimator)?.1["estimator"].as_str().unwrap_or_default();
        let of = |point: &&Point| {
            (&*point.task, &*point.estimator, &*point.metric, point.step)
                == (label, estimator, metric, step)
        };
        let point = self.curves.iter().find(of).with_context(|| {
            format!("curves.csv has no `{metric}` of `{estimator}` on `{label}` at step {step}")
        })?;
        let number: f64 = point.iqm.parse().context("a failed run has no number")?;
        Ok(number.into())
    }
}

/// The numbers with a decimal point that a reading states by itself, outside references and code.
///
/// They can contradict the results without anybody noticing: a reading refers to numbers instead.
pub fn typed_numbers(reading: &str) -> Vec<String> {
    let mut prose = String::new();
    for (index, part) in reading.split("{{").enumerate() {
        prose.push_str(if index == 0 {
            part
        } else {
            part.split_once("}}").map_or("", |(_, rest)| rest)
        });
    }
    let outside: Vec<&str> = prose.split('`').step_by(2).collect();
    let is_typed = |word: &&str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        word.contains('.') && word.parse::<f64>().is_ok()
    };
    outside.join(" ").split_whitespace().filter(is_typed).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rendered(reading: &str) -> Result<String> {
        let place = |name: &str, value: f64, verdict: Option<&str>| {
            json!({
                "estimator": name, "loss": [value, value - 0.1, value + 0.1], "verdict": verdict,
                "difference-to-exact": [value - 0.5, -1.0, 1.0], "p-value": 0.04,
                "one-setting": [2.0 * value, null, null],
                "steps-to-threshold": [149.6, null, null],
            })
        };
        let ranking = |name: &str, verdict| [place(name, 0.25, verdict), place("exact", 0.5, None)];
        let task = |label: &str, name: &str, verdict| {
            json!({
                "task": label, "metric": "loss", "ranking": ranking(name, verdict),
                "references": { "predict-mean": [1.0, null, null] },
            })
        };
        let summary = json!({
            "largest-relative-deviation": 0.0057,
            "expected": { "met": 7, "missed": 2 },
            "tasks": [task("t k=3", "a", Some("better")), task("t k=32", "b x=1", None)],
        });
        let curves = b"task,estimator,optimizer,metric,step,iqm,low,high\nt k=3,a,adam,entropy,400,0.234,,\n";
        render(reading, &summary, Some(curves))
    }

    #[test]
    fn references_become_numbers() {
        for (reading, expected) in [
            ("{{ value('k=3', 'a') }} of {{ value('k=3', 'exact') }}", "0.250 of 0.500"),
            ("{{ value('k=3', 'exact') / value('k=3', 'a') }} times", "2.00 times"),
            ("{{ low('k=32', 'b x=1') }}", "0.150"),
            ("{{ value('k=32', 'x=1') }}", "0.250"),
            ("{{ difference('t k=3', 'a') | signed }}", "−0.250"),
            ("{{ p('k=3', 'a') }}", "0.0400"),
            ("{{ rank('k=3', 'exact') }}", "2"),
            ("{{ untuned('k=3', 'exact') }}", "1.00"),
            ("{{ steps('k=3', 'exact') }} steps", "150 steps"),
            ("{{ reference('k=3', 'predict-mean') }}", "1.00"),
            ("{{ at('k=3', 'a', 'entropy', 400) }}", "0.234"),
            ("{{ best('k=32') }}", "`b x=1`"),
            ("{{ names('k=3', 'better') }}, {{ names('k=3', 'worse') }}", "`a`, none"),
            ("{{ count('k=3', 'better') }}", "1"),
            ("{{ deviation() | percent }}", "0.570 %"),
            ("{{ met() }} of {{ met() + missed() }}", "7 of 9"),
        ] {
            assert_eq!(rendered(reading).unwrap(), expected, "{reading}");
        }
    }

    #[test]
    fn unknown_names_are_rejected() {
        for (reading, words) in [
            ("\n{{ value('k=4', 'a') }}", "line 2: `k=4` names no task, or several; known: t k=3"),
            ("{{ value('t', 'a') }}", "several"),
            ("{{ value('k=3', 'exakt') }}", "did you mean `exact`"),
            ("{{ reference('k=3', 'bayes') }}", "unknown reference `bayes`"),
            ("{{ at('k=3', 'a', 'entropy', 401) }}", "no `entropy` of `a` on `t k=3` at step 401"),
            ("{{ names('k=3', 'best') }}", "`better` or `worse`"),
            ("{{ valeu('k=3', 'a') }}", "valeu"),
            ("{{ value('k=3', }}", "line 1"),
        ] {
            let error = format!("{:#}", rendered(reading).unwrap_err());
            assert!(error.contains(words), "{reading}: {error}");
        }
    }

    #[test]
    fn typed_numbers_are_found() {
        let reading = "With 8 of 20, {{ value('k=0.5', 'a') }} at `t=0.5` by 0.16, 55.5%, (1.8).";
        assert_eq!(typed_numbers(reading), ["0.16,", "55.5%,", "(1.8)."]);
    }
}
