use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a category stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// The value that a linear head has for it.
    #[default]
    Head,
    /// Its number, from 0 to K − 1.
    Index,
}

impl Value {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_head(&self) -> bool {
        *self == Self::Head
    }
}
