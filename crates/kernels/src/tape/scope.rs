use std::cell::Cell;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// The scope of this moment.
pub(crate) fn depth() -> u32 {
    DEPTH.get()
}

/// Computes something in a scope of its own: gradients reach what was made in the same scope, and
/// nothing else.
///
/// An estimator that asks for a gradient on its way, to make something else of it, asks in such a
/// scope: nobody else learns from it.
pub fn isolated<T>(compute: impl FnOnce() -> T) -> T {
    /// Leaves the scope, also where what is computed panics.
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
