//! Trained networks as files: safetensors, with a description in the metadata.
//!
//! `docs/network-file.md` describes the format.

use super::Value;
use super::encoder::{Encoder, Feature, Target};
use super::predictor::Predictor;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The key of the description in the metadata.
const KEY: &str = "argmax-lab";
/// The version of the format.
const FORMAT: u32 = 1;

/// Where a network is from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Origin {
    /// The task's kind.
    pub task: String,
    /// The estimator, with its parameters.
    pub estimator: String,
    /// The optimizer, with its parameters.
    pub optimizer: String,
    /// The seed.
    pub seed: u64,
    /// The steps that were taken: those with the best validation metric.
    pub step: u64,
    /// Its value of the metric that chose the step.
    pub validation_loss: f64,
    /// Its value of the metric that is reported.
    pub test_loss: f64,
    /// A hash of the data file, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The program and its version.
    pub program: String,
}

/// All that the weights do not say.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Description {
    format: u32,
    origin: Origin,
    hidden: usize,
    categories: usize,
    #[serde(default, skip_serializing_if = "Value::is_head")]
    value: Value,
    features: Vec<Feature>,
    target: Target,
}

impl Predictor {
    /// The bytes of a file.
    ///
    /// # Errors
    /// If a number is not finite.
    pub fn to_bytes(&self, origin: &Origin) -> Result<Vec<u8>, String> {
        let Encoder { features, target } = self.encoder().clone();
        let (hidden, categories, value) = (self.hidden(), self.categories(), self.value());
        let origin = origin.clone();
        let description =
            Description { format: FORMAT, origin, hidden, categories, value, features, target };
        let text = serde_json::to_string(&description).map_err(|error| error.to_string())?;
        let weights = self.weights();
        if let Some(weights) = weights.iter().find(|x| x.values.iter().any(|x| !x.is_finite())) {
            return Err(format!("`{}` has numbers that are not finite", weights.name));
        }
        let bytes: Vec<Vec<u8>> = weights
            .iter()
            .map(|x| x.values.iter().flat_map(|x| x.to_le_bytes()).collect())
            .collect();
        let views: Result<Vec<_>, _> = weights
            .iter()
            .zip(&bytes)
            .map(|(x, bytes)| Ok((x.name, TensorView::new(Dtype::F32, x.shape.clone(), bytes)?)))
            .collect();
        let views = views.map_err(|error: safetensors::SafeTensorError| error.to_string())?;
        // One key: the order of several would differ from time to time.
        let metadata = HashMap::from([(KEY.to_owned(), text)]);
        serialize(views, Some(metadata)).map_err(|error| error.to_string())
    }

    /// The network of a file, and where it is from.
    ///
    /// # Errors
    /// If the bytes are not those of such a file.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, Origin), String> {
        let wrong = |why: String| format!("not a network that `harness train` wrote: {why}");
        let (_, metadata) =
            SafeTensors::read_metadata(bytes).map_err(|error| wrong(error.to_string()))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| wrong(error.to_string()))?;
        let text = metadata.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let text = text.ok_or_else(|| wrong(format!("its metadata has no `{KEY}`")))?;
        let of_format: Format =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if of_format.format != FORMAT {
            let found = of_format.format;
            return Err(format!("the file has format {found}; this program reads format {FORMAT}"));
        }
        let description: Description =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let Description { origin, hidden, categories, value, features, target, .. } = description;
        let encoder = Encoder { features, target };
        encoder.check().map_err(wrong)?;
        // Each weight of the file is four of its bytes: nothing larger is made.
        let inputs = encoder.input_names().len();
        let most = bytes.len() / size_of::<f32>();
        let is_possible = |width: usize| width.checked_mul(hidden).is_some_and(|size| size <= most);
        if hidden == 0 || categories < 2 || !is_possible(inputs) || !is_possible(categories) {
            return Err(wrong(format!("it has {hidden} hidden units and {categories} categories")));
        }
        let find = |name: &str, shape: &[usize]| {
            let tensor = tensors.tensor(name).map_err(|error| wrong(error.to_string()))?;
            if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
                return Err(wrong(format!("`{name}` is not of type F32 and shape {shape:?}")));
            }
            let numbers = tensor.data().as_chunks::<4>().0.iter().copied();
            Ok(numbers.map(f32::from_le_bytes).collect())
        };
        Ok((Self::of_weights(encoder, hidden, (categories, value), find)?, origin))
    }
}

/// The part of a description that every version has.
#[derive(Deserialize)]
struct Format {
    format: u32,
}
