//! What the system says of this machine and this process. Most of it only on Linux.

use std::path::Path;

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
