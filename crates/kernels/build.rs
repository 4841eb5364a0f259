//! Tells the crate how far it is optimized: there is no `cfg` for that.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(optimized)");
    // Cargo runs this for each profile with the level of that profile for this crate.
    if matches!(std::env::var("OPT_LEVEL").as_deref(), Ok("2" | "3")) {
        println!("cargo::rustc-cfg=optimized");
    }
}
