use std::cell::Cell;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// The current scope: how many calls of [`isolated`] enclose it.
pub(crate) fn depth() -> u32 {
    DEPTH.get()
}

/// Computes something in a scope of its own: gradients only reach nodes and parameters that were
/// created in the same scope.
///
/// An estimator that needs a gradient as an intermediate result computes it in such a scope, so
/// that it does not train anything else.
pub fn isolated<T>(compute: impl FnOnce() -> T) -> T {
    /// Leaves the scope, even after a panic.
    struct Scope;
    impl Drop for Scope {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get() - 1);
        }
    }
    DEPTH.set(DEPTH.get() + 1);
    let _scope = Scope;
    compute()
}
