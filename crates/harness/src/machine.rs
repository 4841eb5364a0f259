//! What the system says of this machine and this process. Most of it only on Linux.

use std::path::Path;
use std::sync::{Arc, LazyLock};

/// The revision that this library was built from, if it is known.
pub const REVISION: Option<&str> = option_env!("HARNESS_REVISION");

/// Whether it was changed since.
pub fn is_changed() -> Option<bool> {
    option_env!("HARNESS_DIRTY").map(|dirty| dirty == "true")
}

/// What numbers of runs may depend on, although they should not: revision, processor and instruction set.
/// Runs of different origins are named in a report.
pub fn origin() -> Arc<str> {
    static ORIGIN: LazyLock<Arc<str>> = LazyLock::new(|| {
        let revision =
            REVISION.map_or("an unknown revision", |revision| &revision[..revision.len().min(10)]);
        let changed = if is_changed() == Some(true) { " with changes" } else { "" };
        let processor = processor().unwrap_or_else(|| "an unknown processor".to_owned());
        let instructions = kernels::simd::Level::current().name();
        format!("{revision}{changed}, {processor}, {instructions}").into()
    });
    Arc::clone(&ORIGIN)
}

/// Bytes of memory of this machine.
pub fn total_memory() -> Option<u64> {
    bytes("/proc/meminfo", "MemTotal:")
}

/// The most memory that this process has used so far, in bytes.
pub fn peak_memory() -> Option<u64> {
    bytes("/proc/self/status", "VmHWM:")
}

fn bytes(path: &str, key: &str) -> Option<u64> {
    let kilobytes: u64 = line(path, key)?.split_whitespace().next()?.parse().ok()?;
    Some(1024 * kilobytes)
}

/// The name of the processor.
pub fn processor() -> Option<String> {
    Some(line("/proc/cpuinfo", "model name")?.split_once(':')?.1.trim().to_owned())
}

/// What follows a key in a file of the system.
fn line(path: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned)
}

/// The name of this machine.
pub fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").ok());
    name.map_or_else(|| "an unknown host".to_owned(), |name| name.trim().to_owned())
}

/// Whether this machine has certainly no process of this number.
pub fn has_no_process(number: u32) -> bool {
    Path::new("/proc/self").exists() && !Path::new(&format!("/proc/{number}")).exists()
}
