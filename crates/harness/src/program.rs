/// The package that the running program is built from. It is named by `--version`, by reports and by
/// manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// The name of its package.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// The program that calls this macro.
#[macro_export]
macro_rules! program {
    () => {
        $crate::Program { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") }
    };
}

impl Program {
    /// This package, whose programs run experiments: as a binary of its own, or as a library of others.
    pub const HARNESS: Self = program!();

    /// The program and its version, and those of this library if it belongs to another program.
    pub fn provenance(&self) -> String {
        match *self {
            Self::HARNESS => self.to_string(),
            _ => format!("{self} with {}", Self::HARNESS),
        }
    }

    /// The command that runs it.
    pub fn command(&self) -> String {
        format!("cargo run -p {} --", self.name)
    }
}

impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_program_is_named_with_this_library() {
        let mine = Program { name: "mine", version: "0.3.1" };
        assert_eq!(mine.provenance(), format!("mine 0.3.1 with {}", Program::HARNESS));
        assert_eq!(mine.command(), "cargo run -p mine --");
        assert_eq!(Program::HARNESS.provenance(), concat!("harness ", env!("CARGO_PKG_VERSION")));
    }
}
